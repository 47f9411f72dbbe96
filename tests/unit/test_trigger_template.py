"""Payload templates: what becomes of references to an event."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.payloads.secret_references import Step, resolved
from jobs.triggers.template import TemplateError, check, filled

EVENT: dict[str, Any] = {
    "data": {
        "url": "https://example.com/a?b=c",
        "n": 3,
        "ok": True,
        "ratio": 0.5,
        "none": None,
        "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "raw": b"\x00\xff",
        "lines": [{"sku": "a"}, {"sku": "b"}],
        "first name": "Ada",
        "a.b": {"c": 1},
    },
    "params": {"id": "../x y?z#ü"},
}
ROOTS = frozenset(EVENT)


@pytest.mark.parametrize(
    ("template", "made"),
    [
        ("plain", "plain"),
        ("{data.url}", "https://example.com/a?b=c"),
        ("{data.n}", 3),
        ("{data.ok}", True),
        ("{data.none}", None),
        ("{data.lines}", EVENT["data"]["lines"]),
        ("{data.lines.1.sku}", "b"),
        ('{data."first name"}', "Ada"),
        ('{data."a.b".c}', 1),
        ("{data}", EVENT["data"]),
        ("n={data.n}, ok={data.ok}, {data.ratio}", "n=3, ok=true, 0.5"),
        ("at {data.at}", "at 2026-01-02T03:04:05Z"),
        ("raw {data.raw}", "raw AP8="),
        ("hello {data.nobody?}!", "hello !"),
        ("{{data.n}} {{}}", "{data.n} {}"),
        ("https://x.example/{params.id}", "https://x.example/..%2Fx%20y%3Fz%23%C3%BC"),
        ("gs://b/{params.id}", "gs://b/../x y?z#ü"),
        ({"a": {"b": ["{data.n}", 7, None]}}, {"a": {"b": [3, 7, None]}}),
        ({"a": "{data.nobody?}", "b": ["{data.nobody?}", 1]}, {"b": [1]}),
        (7, 7),
    ],
)
def test_filling(template: Any, made: Any) -> None:
    """References become what they name; everything else stays as it is."""
    check(template, ROOTS)
    assert filled(template, EVENT) == made


def test_what_an_event_brings_along_names_no_secret() -> None:
    """Only what the deployment wrote in the template can refer to one."""
    event = {"data": {"note": {"$secret": "github-token"}, "list": [{"$secret": "x"}]}}
    template = {"a": "{data.note}", "b": "{data}", "c": {"$secret": "of-the-template"}}
    made = msgspec.json.encode(filled(template, event))
    asked: list[str] = []

    def value_of(name: str, _where: Sequence[Step]) -> str:
        asked.append(name)
        return "value"

    assert msgspec.json.decode(resolved(made, value_of)) == {
        "a": event["data"]["note"],
        "b": event["data"],
        "c": "value",
    }
    assert asked == ["of-the-template"]


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{data.nobody}", "the event has no {data.nobody}"),
        ("{data.lines.2}", "the event has no {data.lines.2}"),
        ("{data.lines.sku}", "the event has no"),
        ("{data.url.0}", "the event has no"),
        ("{data.n.x}", "the event has no"),
        ("a {data.lines}", "is no text but a list"),
        ("a {data}", "is no text but an object"),
        ("a {data.none}", "is no text but null"),
    ],
)
def test_what_an_event_does_not_have(template: str, why: str) -> None:
    """A reference that can't be followed is told by its own words."""
    with pytest.raises(TemplateError, match=why):
        filled({"a": [template]}, EVENT)


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ({"a": {"b": ["x", "{other.n}"]}}, r"payload.a.b\[1\]: there is no 'other'"),
        ({"a": "{"}, "payload.a: a brace alone"),
        ({"a": "}"}, "a brace alone"),
        ({"a": "{}"}, "a brace alone"),
        ({"a": "{data.}"}, "a brace alone"),
        ({"a": "{data..n}"}, "a brace alone"),
        ({"a": "{data.n!r}"}, "a brace alone"),
        ({"a": "{data.n:>9}"}, "a brace alone"),
        ({"a": "{data[0]}"}, "a brace alone"),
        ({"a": "{data.first name}"}, "a brace alone"),
        ({"a": "{ data.n }"}, "a brace alone"),
    ],
)
def test_templates_that_are_refused(template: Any, why: str) -> None:
    """What is no reference is told at the start, with where it stands."""
    with pytest.raises(TemplateError, match=why):
        check(template, ROOTS)


def test_nothing_but_data_is_reached() -> None:
    """A path goes through names and numbers of JSON only, never through attributes."""
    for path in ("data.__class__", "data.url.upper", "data.lines.__len__", "params.keys"):
        with pytest.raises(TemplateError, match="the event has no"):
            filled(f"{{{path}}}", EVENT)


@given(st.text())
def test_no_value_changes_a_urls_path(value: str) -> None:
    """Whatever an event has, it stays within the part of a URL where the reference stands."""
    value = value.encode(errors="replace").decode()
    made = filled("https://x.example/a/{v}/b", {"v": value})
    beginning, middle, end = made.partition("/a/")[0], made[len("https://x.example/a/") : -2], "/b"
    assert made == f"{beginning}/a/{middle}{end}"
    assert not set(middle) & set("/?#@:\\ ")
    assert unquote(middle) == value


@given(st.text())
def test_values_are_not_read_as_templates(value: str) -> None:
    """A value that looks like a reference is a value."""
    assert filled("{v}", {"v": "{data}" + value}) == "{data}" + value
    assert filled("x{v}", {"v": "{data}" + value}) == "x{data}" + value
