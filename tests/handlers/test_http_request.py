import base64
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import msgspec
import pytest

from handlers import REGISTRY, outbound
from handlers.http_request import MAX_BODY_BYTES, HttpRequest, HttpResult
from handlers.outbound.headers import REFUSED
from handlers.outbound.trace import passed_on
from jobs.context import Context, PermanentError, RetryAfter
from jobs.errors import InvalidRequest
from tests.handlers.recording import TRACEPARENT, a_context
from tests.handlers.web import Web

JOB_TYPE = REGISTRY.get("http.request")


def run(ctx: Context, **payload: Any) -> HttpResult:
    """As the worker does it: from the payload's JSON."""
    result = JOB_TYPE.run(JOB_TYPE.decode(msgspec.json.encode(payload)), ctx)
    assert isinstance(result, HttpResult)
    return result


def test_a_call_is_made(web: Web, ctx: Context) -> None:
    """The result shows the answer: status, chosen headers, body, time."""
    web.answer(
        "/orders",
        b'{"id": 1}',
        status=201,
        headers={"Content-Type": "application/json", "ETag": '"1"', "Set-Cookie": "a=b"},
    )

    result = run(ctx, url=web.url("/orders?a=b"), json={"amount": 1})

    assert result.status == 201
    assert result.body == '{"id": 1}'
    assert (result.body_encoding, result.body_truncated) == ("text", False)
    assert result.headers["etag"] == '"1"'
    assert result.headers["content-type"] == "application/json"
    assert "set-cookie" not in result.headers
    assert result.url == web.url("/orders?a=b")
    assert result.elapsed_ms >= 0
    (received,) = web.received
    assert (received.method, received.path) == ("POST", "/orders?a=b")
    assert received.body == b'{"amount":1}'
    assert received.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("payload", "method", "body", "content_type"),
    [
        ({}, "GET", b"", None),
        (
            {"body": "gr\u00fc\u00df"},
            "POST",
            "gr\u00fc\u00df".encode(),
            "text/plain; charset=utf-8",
        ),
        ({"body": ""}, "POST", b"", "text/plain; charset=utf-8"),
        (
            {"json": msgspec.Raw(b'{"b": 0.1234567890123456789012, "a": 1.0}')},
            "POST",
            b'{"b": 0.1234567890123456789012, "a": 1.0}',
            "application/json",
        ),
        ({"json": None}, "POST", b"null", "application/json"),
        ({"json": [1, "a"], "method": "PATCH"}, "PATCH", b'[1,"a"]', "application/json"),
        ({"method": "DELETE"}, "DELETE", b"", None),
        ({"method": "HEAD"}, "HEAD", b"", None),
        (
            {"body": "<a/>", "headers": {"content-type": "text/xml"}, "method": "PUT"},
            "PUT",
            b"<a/>",
            "text/xml",
        ),
    ],
)
def test_method_and_body_go_out(
    web: Web,
    ctx: Context,
    payload: dict[str, Any],
    method: str,
    body: bytes,
    content_type: str | None,
) -> None:
    """The method follows from the body unless it is given; so does the content type."""
    web.answer("/")

    assert run(ctx, url=web.url("/"), **payload).status == 200

    (received,) = web.received
    assert (received.method, received.body) == (method, body)
    assert received.headers.get("content-type") == content_type


def test_a_stable_key_and_the_trace_go_out(web: Web, ctx: Context) -> None:
    """The key is the same for every attempt; a call is made by the attempt's span, as it is."""
    web.answer("/")

    run(ctx, url=web.url("/"))
    run(ctx, url=web.url("/"))

    for headers in (received.headers for received in web.received):
        assert headers["idempotency-key"] == ctx.idempotency_key
        assert headers["traceparent"] == ctx.traceparent


def test_a_key_of_the_callers_goes_out_instead(web: Web, ctx: Context) -> None:
    """Whatever the caller gives is sent once, as given."""
    web.answer("/")
    given = {"idempotency-key": "mine", "TRACEPARENT": TRACEPARENT, "User-Agent": "me"}

    run(ctx, url=web.url("/"), headers=given)

    headers = web.received[0].headers
    assert headers["idempotency-key"] == "mine"
    assert headers["traceparent"] == TRACEPARENT
    assert headers["user-agent"] == "me"


@pytest.mark.parametrize(
    "parent", [None, "", "nonsense", "00-" + "0" * 32 + "-" + "1" * 16 + "-01"]
)
def test_a_job_without_trace_begins_one(parent: str | None) -> None:
    """A missing or invalid parent gives a new, unsampled trace."""
    made = passed_on(parent)
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made)
    assert made != passed_on(parent)


@pytest.mark.parametrize(
    ("status", "expect", "raised"),
    [
        (200, None, None),
        (204, None, None),
        (302, None, PermanentError),
        (404, None, PermanentError),
        (429, None, outbound.RetryableStatus),
        (500, None, outbound.RetryableStatus),
        (404, [200, 404], None),
        (302, [302], None),
        (503, [503], None),
        (201, [200], PermanentError),
        (200, [404], PermanentError),
        (503, [200], outbound.RetryableStatus),
    ],
)
def test_expect_says_what_success_is(
    web: Web,
    ctx: Context,
    status: int,
    expect: list[int] | None,
    raised: type[Exception] | None,
) -> None:
    """Statuses in `expect` are results; of the others some are tried again and the rest fail."""
    web.answer("/", status=status, headers={"Location": "/elsewhere"})

    if raised is None:
        assert run(ctx, url=web.url("/"), expect=expect).status == status
    else:
        with pytest.raises(raised, match=f"127.0.0.1 answered {status}"):
            run(ctx, url=web.url("/"), expect=expect)

    assert len(web.received) == 1


def test_retry_after_in_seconds_is_obeyed(web: Web, ctx: Context) -> None:
    """The server knows best when it can be called again."""
    web.answer("/", status=429, headers={"Retry-After": "77"})

    with pytest.raises(RetryAfter) as asked:
        run(ctx, url=web.url("/"))

    assert asked.value.seconds == 77


def test_retry_after_as_a_date_is_obeyed(web: Web) -> None:
    """The date is measured by the worker's clock."""
    now = datetime.now(UTC).replace(microsecond=0)
    ctx = a_context(allowed_hosts=frozenset({web.host_and_port}), now=lambda: now)
    moment = format_datetime(now + timedelta(minutes=2), usegmt=True)
    web.answer("/", status=503, headers={"Retry-After": moment})

    with pytest.raises(RetryAfter) as asked:
        run(ctx, url=web.url("/"))

    assert asked.value.seconds == 120


def test_redirects_are_followed_only_when_asked_for(web: Web, ctx: Context) -> None:
    """Off, a redirect fails the job and says so; on, its target's answer is the result."""
    web.answer("/", status=302, headers={"Location": "/there"})
    web.answer("/there", b"here")

    with pytest.raises(PermanentError, match="answered 302"):
        run(ctx, url=web.url("/"))
    result = run(ctx, url=web.url("/"), follow_redirects=True)

    assert (result.status, result.body, result.url) == (200, "here", web.url("/there"))


def test_a_redirect_inside_is_refused(web: Web, ctx: Context) -> None:
    """A server can't send the worker to what is not public."""
    web.answer("/", status=302, headers={"Location": "http://169.254.169.254/"})

    with pytest.raises(PermanentError, match=r"169\.254\.169\.254 is not a public host"):
        run(ctx, url=web.url("/"), follow_redirects=True)


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("grün ✓".encode(), "text/plain", "grün ✓"),
        ("grün ✓".encode(), "application/json; charset=UTF-8", "grün ✓"),
        ("grün".encode("latin-1"), 'text/html; charset="ISO-8859-1"', "grün"),
        (b"a\tb\r\nc", "", "a\tb\r\nc"),
        (b"\x89PNG\r\n\x1a\n", "image/png", None),
        (b"\xff\xfe", "text/plain", None),
        (b"ends in half a character \xe2\x9c", "text/plain", None),
        (b"with \x00 in it", "text/plain", None),
        (b"hello", "text/plain; charset=unheard-of", None),
    ],
)
def test_a_body_is_text_or_base64(
    web: Web, ctx: Context, body: bytes, content_type: str, text: str | None
) -> None:
    """Text in a known charset comes as text, anything else as base64."""
    web.answer("/", body, headers={"Content-Type": content_type})

    result = run(ctx, url=web.url("/"))

    assert result.body_encoding == ("base64" if text is None else "text")
    assert result.body == (base64.b64encode(body).decode() if text is None else text)


@pytest.mark.parametrize("extra", [0, 1])
def test_a_long_body_is_cut(web: Web, ctx: Context, extra: int) -> None:
    """64 KiB are kept, and the result says whether there was more."""
    web.answer("/", b"x" * (MAX_BODY_BYTES + extra), headers={"Content-Type": "text/plain"})

    result = run(ctx, url=web.url("/"))

    assert len(result.body) == MAX_BODY_BYTES
    assert result.body_truncated == bool(extra)


def test_a_cut_inside_a_character_leaves_text(web: Web, ctx: Context) -> None:
    """Half a character at the cut does not make a text binary."""
    web.answer("/", b"xx" + "✓".encode() * MAX_BODY_BYTES, headers={"Content-Type": "text/plain"})

    result = run(ctx, url=web.url("/"))

    assert result.body_encoding == "text"
    assert set(result.body) == {"x", "✓"}


@pytest.mark.parametrize("body", [b'"\\' * MAX_BODY_BYTES, b"\x01" * MAX_BODY_BYTES])
def test_the_worst_answer_fits_into_a_result(web: Web, ctx: Context, body: bytes) -> None:
    """Escaping in JSON, and the largest headers, keep within 256 KiB."""
    names = ["ETag", "Location", "Link", "X-Request-Id", "Content-Disposition", "Expires"]
    web.answer("/", body, headers=dict.fromkeys(names, '"' * 8000))

    result = run(ctx, url=web.url("/"))

    assert len(msgspec.json.encode(result)) <= 256 * 1024


def test_an_endless_answer_is_cut(web: Web, ctx: Context) -> None:
    """The rest of a body is never waited for."""

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 65536)

    web.handle("/", endless)

    assert run(ctx, url=web.url("/")).body_truncated


def test_a_silent_server_is_given_up(web: Web, ctx: Context) -> None:
    """`timeout_seconds` is for the whole attempt, and another attempt follows."""

    def silent(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read()  # until the client is gone

    web.handle("/", silent)

    with pytest.raises(outbound.TimedOut, match="not over within 1 seconds"):
        run(ctx, url=web.url("/"), timeout_seconds=1)


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ({}, "missing required field `url`"),
        ({"url": "file:///etc/passwd"}, "https://"),
        ({"url": "https://user:pw@example.com/"}, "credentials"),
        ({"url": "https://example.com/", "body": "a", "json": {}}, "at most one of"),
        ({"url": "https://example.com/", "method": "TRACE"}, "Invalid enum value 'TRACE'"),
        ({"url": "https://example.com/", "method": "get"}, "Invalid enum value 'get'"),
        ({"url": "https://example.com/", "expect": [99]}, ">= 200 - at `$.payload.expect[0]`"),
        ({"url": "https://example.com/", "timeout_seconds": 0}, ">= 1"),
        ({"url": "https://example.com/", "timeout_seconds": 301}, "<= 300"),
        ({"url": "https://example.com/", "header": {}}, "unknown field `header`"),
        ({"url": "https://example.com/", "headers": {"A": 1}}, "Expected `str`"),
        ({"url": "https://example.com/", "headers": {"": "a"}}, "no name of a header"),
        ({"url": "https://example.com/", "headers": {"A b": "a"}}, "no name of a header"),
        ({"url": "https://example.com/", "headers": {"A:": "a"}}, "no name of a header"),
        ({"url": "https://example.com/", "headers": {"A\r\nB": "a"}}, "no name of a header"),
        ({"url": "https://example.com/", "headers": {"A": "a\r\nB: b"}}, "printable ASCII"),
        ({"url": "https://example.com/", "headers": {"A": "a\nB: b"}}, "printable ASCII"),
        ({"url": "https://example.com/", "headers": {"A": "a\x00"}}, "printable ASCII"),
        ({"url": "https://example.com/", "headers": {"A": "\u010d\u010a"}}, "printable ASCII"),
        ({"url": "https://example.com/", "headers": {"A": "1", "a": "2"}}, "given twice"),
        ({"url": "https://example.com/", "headers": {"A": "a" * 8193}}, "length <= 8192"),
        ({"url": "https://example.com/", "headers": {f"A{i}": "" for i in range(51)}}, "<= 50"),
    ],
)
def test_a_payload_that_can_not_be_sent_is_refused(payload: Any, complaint: str) -> None:
    """Before a job is made of it, with words that say what is wrong."""
    with pytest.raises(InvalidRequest) as refused:
        JOB_TYPE.decode(msgspec.json.encode(payload))

    assert complaint in str(refused.value)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_headers_of_the_connection_are_refused(name: str) -> None:
    """Message framing, the host and what opens metadata servers are not the caller's to set."""
    payload = {"url": "https://example.com/", "headers": {name.title(): "x"}}

    with pytest.raises(InvalidRequest, match="may not be set"):
        JOB_TYPE.decode(msgspec.json.encode(payload))


def test_a_payload_can_be_made_in_python() -> None:
    """The example in the catalogue is a payload that its own type accepts."""
    assert JOB_TYPE.decode(msgspec.json.encode(JOB_TYPE.example)) == JOB_TYPE.example
    assert isinstance(JOB_TYPE.example, HttpRequest)
