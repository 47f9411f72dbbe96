"""References to secrets in payloads."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import pytest

from handlers import REGISTRY
from jobs.context import Context
from jobs.errors import InvalidRequest
from jobs.job.order import job_for
from jobs.job_types import Registry, job_type
from jobs.payloads.secret_bindings import SecretBindings
from jobs.payloads.secret_references import MAX_REFERENCES, Step, as_data, checked, resolved
from tests.factories import MINUTE, T0, an_order

ALLOWED = SecretBindings.parse("github-token")


def check(name: str, where: Sequence[Step]) -> None:
    ALLOWED.check(name, where, job_type="test.any", fields=["**"])


REFERENCE = {"$secret": "github-token"}


def encoded(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))


def submit(registry: Registry, job_type: str, payload: object) -> bytes:
    """The payload that is kept of an order."""
    order = an_order(type=job_type, payload=encoded(payload))
    return bytes(job_for(order, registry, T0, lambda: "id", ALLOWED).payload)


def test_each_reference_is_replaced() -> None:
    """However deep it stands, and however its name is written."""
    payload = b'{"a": {"$secret": "x"}, "b": [1, {"c": {"\\u0024secret": "y"}}], "d": "$secret"}'
    assert msgspec.json.decode(resolved(payload, lambda name, _: f"value of {name}")) == {
        "a": "value of x",
        "b": [1, {"c": "value of y"}],
        "d": "$secret",
    }


@pytest.mark.parametrize("payload", [b'{"n": 1.50}', b'{"a":  "$secret"}', b'"\\u00e4"', b"[]"])
def test_what_has_no_reference_stays_byte_for_byte(payload: bytes) -> None:
    """A payload reaches its handler as it came."""
    assert resolved(payload, lambda _name, _where: "value") == payload


@pytest.mark.parametrize(
    "reference",
    [
        {"$secret": 5},
        {"$secret": None},
        {"$secret": ""},
        {"$secret": "../../etc/passwd"},
        {"$secret": "a b"},
        {"$secret": "github-token\n"},
        {"$secret": "a" * 256},
        {"$secret": "github-token", "more": 1},
        {"$secret": {"$secret": "github-token"}},
    ],
)
def test_what_is_nearly_a_reference(reference: object) -> None:
    """It is refused with its path, wherever it stands: it would be a surprise as plain data."""
    with pytest.raises(InvalidRequest, match=r"at `\$\.payload\.list\[0\]`"):
        checked(encoded({"list": [reference]}), check)


def test_a_name_that_is_not_allowed() -> None:
    """The error names it."""
    with pytest.raises(InvalidRequest, match="no secret 'other'"):
        checked(encoded({"$secret": "other"}), check)


def test_references_are_bounded() -> None:
    """Each costs the worker a file."""
    checked(encoded([REFERENCE] * MAX_REFERENCES), check)
    with pytest.raises(InvalidRequest, match="at most"):
        checked(encoded([REFERENCE] * (MAX_REFERENCES + 1)), check)


def test_more_depth_than_can_be_walked() -> None:
    """It is the caller's mistake, not the service's."""
    with pytest.raises(InvalidRequest):
        checked(b'{"$secret":' * 100_000, check)


@pytest.mark.parametrize(
    "payload",
    [
        {"url": "https://example.com/", "headers": {"Authorization": REFERENCE}},
        {"url": REFERENCE},
        {"url": "https://example.com/", "body": REFERENCE},
        {"url": "https://example.com/", "json": {"deep": [REFERENCE]}},
    ],
)
def test_where_a_request_takes_secrets(payload: object) -> None:
    """Headers, URL and body of a call are checked without the value; the reference is kept."""
    assert msgspec.json.decode(submit(REGISTRY, "http.request", payload)) == payload


@pytest.mark.parametrize(
    "payload",
    [
        {"url": "https://example.com/", "timeout_seconds": REFERENCE},
        {"url": "https://example.com/", "method": REFERENCE},
        {"url": "https://example.com/", "headers": REFERENCE},
    ],
)
def test_where_a_request_takes_none(payload: object) -> None:
    """A secret is a string of the caller's choice: no number, no object, none of a fixed list."""
    with pytest.raises(InvalidRequest):
        submit(REGISTRY, "http.request", payload)


class Coded(msgspec.Struct):
    code: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$")]


@job_type("test.coded", example=Coded("ABC"), timeout=MINUTE, secret_fields=("code",))
def coded(payload: Coded, _context: Context) -> Coded:
    """Take a string of a narrow form."""
    return payload


def test_a_string_of_a_narrow_form() -> None:
    """A reference is refused where the placeholder does not fit, as the value can't be checked."""
    with pytest.raises(InvalidRequest, match=r"\$\.payload\.code"):
        submit(Registry([coded]), "test.coded", {"code": REFERENCE})


@pytest.mark.parametrize(
    "data",
    [
        {"$secret": "github-token"},
        {"a": [{"$secret": "github-token"}, {"$$secret": 1}]},
        {"$$$secret": {"$secret": {"$secret": 5}}},
        {"$secret": "github-token", "more": 1},
    ],
)
def test_data_is_no_reference(data: object) -> None:
    """What an event brings along stays data, whatever it looks like, and arrives as it was."""
    kept = encoded({"note": as_data(data)})

    def nobody(name: str, _where: Sequence[Step]) -> str:
        raise AssertionError(name)

    assert msgspec.json.decode(resolved(kept, nobody)) == {"note": data}
    assert msgspec.json.decode(checked(kept, nobody)) == {"note": data}


BOUND = SecretBindings.parse(
    """[{"name": "free"},
        {"name": "for-calls", "types": ["http.request"], "hosts": ["api.example.com"]},
        {"name": "for-ada", "members": ["user:ada@example.com"]}]"""
)


@pytest.mark.parametrize(
    ("job_type", "payload", "reason"),
    [
        (
            "table.profile",
            {"text": {"$secret": "free"}},
            r"No secret may stand at `\$.payload.text`",
        ),
        ("http.request", {"url": "https://e.com/", "expect": {"$secret": "free"}}, "may stand at"),
        ("test.coded", {"code": {"$secret": "for-calls"}}, "not for jobs of the type test.coded"),
        ("http.request", {"url": {"$secret": "other"}}, "There is no secret 'other'"),
    ],
)
def test_a_secret_stands_where_it_may_and_nowhere_else(
    job_type: str, payload: object, reason: str
) -> None:
    """A handler that shows its payload can't be used to read a secret."""
    order = an_order(type=job_type, payload=encoded(payload))
    with pytest.raises(InvalidRequest, match=reason):
        job_for(order, Registry([*REGISTRY, coded]), T0, lambda: "id", BOUND)


def test_a_secret_is_for_its_members() -> None:
    """Others may submit the same job, but not with it."""
    fields: dict[str, Any] = {
        "type": "http.request",
        "payload": encoded({"url": {"$secret": "for-ada"}}),
    }
    assert job_for(an_order(**fields), REGISTRY, T0, lambda: "id", BOUND)
    with pytest.raises(InvalidRequest, match="not for jobs of yours"):
        job_for(an_order(**fields, owner="user:eve@example.com"), REGISTRY, T0, lambda: "id", BOUND)
