"""GET /docs: readable, complete, offline, harmless."""

import hashlib
import re
import shlex
from base64 import b64encode
from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from api.http.problems import STATUS
from tests.api.conftest import Caller, Harness

VOID = {"link", "meta", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """What is in the page; fails on tags that don't match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.shells: list[str] = []
        self._open: list[str] = []
        self._in_shell = False
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            assert not name.startswith("on"), "an event handler is a script"
            assert name != "style", "the policy allows no inline style"
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")
        if tag not in VOID:
            self._open.append(tag)
        if ("class", "shell") in attrs:
            self._in_shell = True
            self.shells.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._in_shell = False

    def handle_data(self, data: str) -> None:
        if self._in_shell:
            self.shells[-1] += data


@pytest.fixture
def response(harness: Harness) -> TestResponse:
    return harness.nobody.get("/docs")


@pytest.fixture
def page(response: TestResponse) -> Page:
    return Page(response.get_data(as_text=True))


def test_asks_for_no_token(response: TestResponse) -> None:
    """The reference is public."""
    assert (response.status_code, response.content_type) == (200, "text/html; charset=utf-8")


def test_runs_nothing_and_loads_nothing(response: TestResponse, page: Page) -> None:
    """No script, one style of its own, nothing from elsewhere: so it works offline."""
    assert not page.tags & {"script", "iframe", "img", "object", "form"}
    loaded = [link for link in page.links if not link.startswith(("#", "/", "data:", "https://"))]
    assert loaded == []
    text = response.get_data(as_text=True)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert not re.search(r"url\(|@import|</", style)
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = dict(
        part.strip().split(" ", 1)
        for part in response.headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["style-src"] == f"'sha256-{digest}'"
    assert "script-src" not in policy
    assert (policy["base-uri"], policy["frame-ancestors"]) == ("'none'", "'none'")


def test_every_link_leads_somewhere(harness: Harness, page: Page) -> None:
    """No link within the page or the service is dead, and no id is there twice."""
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids, link
        elif link.startswith("/"):
            assert harness.nobody.get(link).status_code == 200


def test_every_error_has_its_place(page: Page) -> None:
    """The `type` of every problem is an anchor of the page."""
    assert {error.code for error in STATUS} <= set(page.ids)


def test_every_operation_and_job_type_has_its_place(harness: Harness, page: Page) -> None:
    """What the OpenAPI document has, the page has."""
    document = harness.nobody.get("/openapi.json").get_json()
    ids = {one["operationId"] for path in document["paths"].values() for one in path.values()}
    ids |= {f"type-{one['name']}" for one in document["x-job-types"]}
    ids |= {f"schema-{name}" for name in document["components"]["schemas"]} - {
        f"schema-{name}"
        for name in document["components"]["schemas"]
        if name.endswith("Submission")
    }
    assert ids <= set(page.ids)


def test_its_curl_lines_work(harness: Harness, otto: Caller, page: Page) -> None:
    """Each line of curl, sent as it stands, reaches its operation with what it takes."""
    lines = [shell for shell in page.shells if shell.startswith("curl") and "/ID" not in shell]
    assert len(lines) >= len(harness.nobody.get("/openapi.json").get_json()["paths"])
    for line in lines:
        words = shlex.split(line.replace("$TOKEN", otto.headers["Authorization"].split()[1]))
        method, url, headers, body = _parsed(words[1:])
        assert url.startswith("http://localhost/")
        response = harness.nobody.request(method, url, headers=headers, data=body)
        is_there = not re.search(r"/(5f0c6a|1234567|0b7d1f|0b9c8f7a|table\.profile)", url)
        assert response.status_code in ({200, 201, 202} if is_there else {404}), line


def _parsed(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    method, url, headers, body = None, "", {}, None
    given = iter(words)
    for word in given:
        if word == "-X":
            method = next(given)
        elif word == "-H":
            name, value = next(given).split(": ", 1)
            headers[name] = value
        elif word == "-d":
            body = next(given)
        elif word.strip():
            url = word
    return method or ("POST" if body else "GET"), url, headers, body


@pytest.mark.parametrize(
    ("headers", "origin"),
    [
        ({"Host": "jobs.example.com"}, "http://jobs.example.com"),
        ({"Host": "jobs.example.com", "X-Forwarded-Proto": "https"}, "https://jobs.example.com"),
        ({"Host": "jobs.example.com", "X-Forwarded-Proto": "<b>"}, "http://jobs.example.com"),
        ({"Host": "127.0.0.1:8080"}, "http://127.0.0.1:8080"),
    ],
)
def test_its_examples_have_the_readers_origin(
    harness: Harness, headers: dict[str, str], origin: str
) -> None:
    """Wherever the page was reached, there the examples go."""
    page = Page(harness.nobody.get("/docs", headers=headers).get_data(as_text=True))
    lines = [shell for shell in page.shells if shell.startswith("curl")]
    assert lines
    assert all(f"{origin}/v1/" in line for line in lines)


@pytest.mark.parametrize("host", ['"><script>alert(1)</script>', "a'b", "a b", "a&lt;"])
def test_a_hostile_host_is_harmless(harness: Harness, host: str) -> None:
    """A made-up host can't get into the page as markup, nor end a quote in the shell."""
    response = harness.nobody.get("/docs", headers={"Host": host})
    text = response.get_data(as_text=True)
    assert "<script" not in text
    assert "http://a'b" not in text


def test_an_apostrophe_survives_the_shell(page: Page) -> None:
    """The example of `text.echo` has one, and reaches the service as it is."""
    (line, *_) = [shell for shell in page.shells if '"text.echo"' in shell]
    assert "It's me" in shlex.split(line)[-1]


def test_is_kept_by_its_tag(harness: Harness) -> None:
    """Who has the page already gets 304; at another origin it is another page."""
    first = harness.nobody.get("/docs")
    tag = {"If-None-Match": first.headers["ETag"]}
    assert harness.nobody.get("/docs", headers=tag).status_code == 304
    assert harness.nobody.get("/docs", headers=tag | {"Host": "other.test"}).status_code == 200
