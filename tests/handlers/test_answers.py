"""Answers as servers send them, byte by byte: which are whole, and what they say."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import SHUT_RDWR, create_server

import pytest

from handlers import outbound
from handlers.http_request import HttpRequest, HttpResult
from handlers.http_request import call as http_request
from handlers.webhook_deliver import deliver
from jobs.context import PermanentError, RetryAfter
from jobs.events.model import EventType
from jobs.webhooks.delivery import Endpoint, WebhookDelivery
from tests.handlers.recording import a_context

BODY = b"a,b\n1,2\n" * 4
PACKED = gzip.compress(BODY, mtime=0)
OK = b"HTTP/1.1 200 OK\r\n"
EARLY = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n",
)


def length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes, size: int = 7) -> bytes:
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n"


WHOLE = {
    "length": OK + length(BODY),
    "chunked": OK + chunked(BODY),
    "one chunk": OK + chunked(BODY, 1000),
    "gzip, length": OK + b"Content-Encoding: gzip\r\n" + length(PACKED),
    "gzip, chunked": OK + b"Content-Encoding: gzip\r\n" + chunked(PACKED),
    "x-gzip": OK + b"Content-Encoding: X-GZIP\r\n" + length(PACKED),
    "two members": OK
    + b"Content-Encoding: gzip\r\n"
    + length(gzip.compress(BODY[:8]) + gzip.compress(BODY[8:])),
    "early hints": EARLY[0] + OK + length(BODY),
    "processing": EARLY[1] * 3 + OK + length(BODY),
    "continue": b"".join(EARLY) + OK + chunked(BODY),
    "gzip to the end": OK + b"Content-Encoding: gzip\r\n\r\n" + PACKED,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n" + length(BODY),
}


@contextmanager
def answering(answers: list[bytes]) -> Iterator[str]:
    """A server that answers each connection with the next of these, whatever it is asked."""
    with create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in answers:
                # Closing the socket ends the wait where a test called less often than it said.
                with suppress(OSError):
                    connection, _ = server.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            with suppress(OSError):
                server.shutdown(SHUT_RDWR)
            thread.join(timeout=10)


def called(host: str, path: str = "/", *, redirects: bool = False) -> HttpResult:
    ctx = a_context(allowed_hosts=frozenset({host}))
    payload = HttpRequest(url=f"http://{host}{path}", follow_redirects=redirects)
    result: HttpResult = http_request.run(payload, ctx)
    return result


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_read_and_no_part_of_it_passes(name: str) -> None:
    """Cut anywhere, in the status line, the headers, a chunk or a packed body, it is a failure."""
    whole = WHOLE[name]
    with answering([whole]) as host:
        assert called(host).body == BODY.decode()
    cuts = [whole[:end] for end in range(len(whole))]
    # Behind the last chunk's size only an empty trailer is left.
    cuts = [cut for cut in cuts if not cut.endswith((b"\r\n0\r\n", b"\r\n0\r\n\r"))]
    with answering(cuts) as host:
        for cut in cuts:
            with pytest.raises(outbound.NetworkError):
                pytest.fail(f"{cut!r} passed for {called(host)}")


ANSWERS = Path(__file__).with_name("http_answers.txt").read_text()
ROWS = [line.split(" | ", 2) for line in ANSWERS.splitlines() if line and not line.startswith("#")]


def status_in(error: Exception) -> str:
    return str(error).split()[2].rstrip(".:")


def verdict(host: str) -> str:
    try:
        result = called(host)
    except outbound.NetworkError:
        return "fails"
    except PermanentError as error:
        return f"permanent {status_in(error)}"
    except outbound.RetryableStatus as error:
        return f"again {status_in(error)}"
    except RetryAfter as error:
        longest = error.seconds == outbound.LONGEST_WAIT_SECONDS
        return f"again {status_in(error)} {'max' if longest else int(error.seconds)}"
    return f"{result.status} {json.dumps(result.body)}"


@pytest.mark.parametrize(("expected", "case", "raw"), ROWS, ids=[row[1] for row in ROWS])
def test_an_answer_has_its_verdict(expected: str, case: str, raw: str) -> None:
    """`http_answers.txt` says for each answer what it is: a result, a refusal or a failure."""
    with answering([raw.encode().decode("unicode_escape").encode("latin-1")]) as host:
        assert verdict(host) == expected, case


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\nab\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n",
        OK + b"Content-Encoding: gzip\r\n\r\nhello",
        b"HTTP/1.1 99999999999999999999 No\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30,
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n",
        b"\x15\x03\x01\x00\x02\x02",
    ],
)
def test_what_is_no_answer_is_a_network_error(answer: bytes) -> None:
    """Whatever a server sends, the job's error is ours and another attempt follows."""
    with answering([answer]) as host, pytest.raises(outbound.NetworkError):
        called(host)


def test_repeated_headers_are_joined() -> None:
    """RFC 9110, 5.3: in their order, with a comma; white space around a value is none of it."""
    head = OK + b"Link: <a>; rel=next  \r\nLink:\t<b>; rel=last\r\n"
    with answering([head + length(b"")]) as host:
        assert called(host).headers["link"] == "<a>; rel=next, <b>; rel=last"


def test_an_unknown_coding_is_named() -> None:
    """What was not asked for and can't be unpacked is kept as it came, and said."""
    with answering([OK + b"Content-Encoding: br\r\n" + length(b"\x0b\x02\x80")]) as host:
        result = called(host)
    assert result.headers["content-encoding"] == "br"
    assert result.body_encoding == "base64"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/a b", "/a%20b"),
        (b" /a \t", "/a"),
        (b"/caf\xe9", "/caf%E9"),
        ("/café".encode(), "/caf%C3%A9"),
        (b"/a?", "/a?"),
        (b"?x=1", "/?x=1"),
    ],
)
def test_a_redirect_goes_to_the_bytes_that_it_names(location: bytes, target: str) -> None:
    """White space is trimmed or encoded, and bytes stay what they are."""
    first = b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n" + length(b"")
    with answering([first, OK + length(b"here")]) as host:
        result = called(host, redirects=True)
    assert (result.body, result.url) == ("here", f"http://{host}{target}")


def test_a_lone_question_mark_is_part_of_a_url() -> None:
    """A signed URL is its bytes."""
    with answering([OK + length(b"")]) as host:
        assert called(host, "/signed?").url == f"http://{host}/signed?"


@pytest.mark.parametrize(
    "value",
    [b"Fri, 01 Jan 99999999999 00:00:00 GMT", b"9" * 400, b"soon", b"-5", b"31536000"],
)
def test_an_absurd_retry_after_is_bounded(value: bytes) -> None:
    """It never becomes an error of ours, nor a wait of years."""
    answer = b"HTTP/1.1 503 No\r\nRetry-After: " + value + b"\r\n" + length(b"")
    with answering([answer, answer]) as host:
        with pytest.raises((RetryAfter, outbound.RetryableStatus)) as failed:
            called(host)
        assert getattr(failed.value, "seconds", 0) <= outbound.LONGEST_WAIT_SECONDS
        with pytest.raises((RetryAfter, outbound.RetryableStatus)) as failed:
            delivered(host)
        assert getattr(failed.value, "seconds", 0) <= outbound.LONGEST_WAIT_SECONDS


def delivered(host: str) -> int:
    payload = WebhookDelivery(
        event="evt_1",
        event_type=EventType.JOB_SUCCEEDED,
        body="{}",
        webhook="a",
        endpoint=Endpoint(url=f"http://{host}/", secrets=("whsec_" + "A" * 32,)),
    )
    ctx = a_context(allowed_hosts=frozenset({host}))
    return int(deliver.run(payload, ctx).status)


@pytest.mark.parametrize("name", ["length", "chunked", "gzip, length", "early hints", "processing"])
def test_a_delivery_is_delivered_by_a_whole_answer(name: str) -> None:
    """A receiver that dies while it answers may not have kept what it was told."""
    whole = WHOLE[name]
    cuts = [whole[:end] for end in range(0, len(whole) - 8, 5)]
    with answering([whole, *cuts]) as host:
        assert delivered(host) == 200
        for _ in cuts:
            with pytest.raises(outbound.NetworkError):
                delivered(host)


def test_the_answer_of_a_switch_is_no_success() -> None:
    """101 ends an exchange that asked for no other protocol."""
    with (
        answering([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"]) as host,
        pytest.raises((PermanentError, outbound.NetworkError)),
    ):
        called(host)
