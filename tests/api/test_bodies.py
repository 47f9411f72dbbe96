"""What bodies are taken: strict JSON, of a bounded size."""

import io

import pytest
from gunicorn.http.errors import InvalidChunkSize
from werkzeug.test import TestResponse

from tests.api import expect
from tests.api.conftest import Caller, Harness


def send(caller: Caller, body: bytes, **options: object) -> TestResponse:
    return caller.post("/v1/jobs", data=body, **({"content_type": "application/json"} | options))


def with_payload(payload: bytes) -> bytes:
    return b'{"type":"text.echo","payload":' + payload + b"}"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"{}}",
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf" + with_payload(b'{"text":"a"}'),
        b"{'type':'text.echo'}",
        with_payload(b'{"text":"a",}'),
        with_payload(b'{"text":"a"} // why'),
        with_payload(b'{"text":"\x01"}'),
        with_payload(b'{"text":"\xff"}'),
        with_payload(b'{"text":"a","more":"\xc3"}'),
        with_payload(b'{"text":"a","more":"\xed\xa0\x80"}'),
        with_payload(b'{"text":"\\ud800"}'),
        with_payload(b'{"text":"a","more":"\\udc00 and on it goes, for a while"}'),
        with_payload(b'{"text":"a","more":NaN}'),
        with_payload(b'{"text":"a","more":Infinity}'),
        with_payload(b'{"text":"a","more":1e999}'),
        with_payload(b'{"text":"a","more":' + b"9" * 5000 + b"}"),
        with_payload(b'{"text":"a","more":01}'),
        b'{"type":"text.echo","type":"text.echo","payload":{"text":"a"}}',
        with_payload(b'{"text":"a","more":{"b":1,"b":2}}'),
        with_payload(b'{"text":"a","more":[{"b":1,"\\u0062":2}]}'),
        with_payload(b'{"text":"a","more":' + b"[" * 200 + b"]" * 200 + b"}"),
        with_payload(b'{"text":"a","more":' + b'{"a":' * 200 + b"1" + b"}" * 200 + b"}"),
        with_payload(b'{"text":"a","more":' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:60]),
)
def test_what_is_no_plain_json_is_refused(harness: Harness, ada: Caller, body: bytes) -> None:
    """JSON that two programs could read differently, or not at all, makes no job."""
    found = expect.problem(send(ada, body), 400, "invalid_request")
    assert found.detail.startswith("The body")
    assert harness.dispatched() == []


@pytest.mark.parametrize(
    "more",
    [b"[" * 90 + b"]" * 90, b"[" + b"[]," * 5000 + b"[]]", b'["[[[[", {"a": 1}, {"a": 1}]'],
)
def test_much_is_not_deep(ada: Caller, more: bytes) -> None:
    """Depth is what counts, not the number of brackets."""
    response = send(ada, with_payload(b'{"text":"a","more":' + more + b"}"))
    assert response.status_code == 202


def test_a_huge_body_is_refused(ada: Caller) -> None:
    """A body above the service's limit is not read."""
    response = send(ada, b" " * (512 * 1024 + 1))
    expect.problem(response, 413, "request_too_large")


class Endless:
    """A body that never ends."""

    def __init__(self) -> None:
        self.given = 0

    def read(self, size: int) -> bytes:
        self.given += size
        return b" " * size


def test_a_huge_body_of_unknown_length_is_refused(ada: Caller) -> None:
    """A chunked body, which announces no length, is read up to the limit and no further."""
    stream = Endless()
    response = ada.post(
        "/v1/jobs",
        content_type="application/json",
        environ_overrides={
            "wsgi.input": stream,
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
        },
    )
    expect.problem(response, 413, "request_too_large")
    assert stream.given <= 512 * 1024 + 1


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_another_media_type_is_refused(ada: Caller, content_type: str) -> None:
    """A body that is declared as something else is not taken for JSON."""
    response = send(ada, with_payload(b'{"text":"a"}'), content_type=content_type)
    expect.problem(response, 415, "unsupported_media_type")


def test_a_compressed_body_is_refused(ada: Caller) -> None:
    """No content encoding is understood, and it is said so."""
    response = send(ada, b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    expect.problem(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "content_type",
    [None, "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.dormouse+json"],
)
def test_json_by_any_name_is_taken(ada: Caller, content_type: str | None) -> None:
    """JSON is JSON with a parameter, in capitals, as a dialect, and undeclared."""
    response = send(ada, with_payload(b'{"text":"a"}'), content_type=content_type)
    assert response.status_code == 202


class Nonsense(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, _: object) -> int:
        raise InvalidChunkSize(b"zz")


def test_chunks_that_make_no_sense_are_refused(ada: Caller) -> None:
    """They are found out about while the body is read: the caller's error, not ours."""
    response = ada.post(
        "/v1/jobs",
        content_type="application/json",
        environ_overrides={"wsgi.input": Nonsense(), "wsgi.input_terminated": True},
    )
    expect.problem(response, 400, "invalid_request")
