"""Calls to a real server on loopback: how long, how much, and where to."""

import gzip
import io
import re
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from socket import create_server, socket

import pytest

from handlers import outbound
from jobs.context import Cancelled, Context, PermanentError
from tests.handlers.network import Network
from tests.handlers.recording import RecordingLink, a_context
from tests.handlers.web import Web

SOON = timedelta(seconds=0.5)
LATE = timedelta(seconds=30)


def read(ctx: Context, url: str, timeout: timedelta = LATE) -> bytes:
    with outbound.request(ctx, url, timeout=timeout) as response:
        return response.read(1_000_000)


def download(ctx: Context, url: str, at_most: int = 1_000_000, timeout: timedelta = LATE) -> bytes:
    target = io.BytesIO()
    outbound.download(ctx, url, target, at_most=at_most, timeout=timeout)
    return target.getvalue()


@contextmanager
def dripping(first: bytes, then: bytes) -> Iterator[int]:
    """A server that sends something, then one thing for ever, each time long before any timeout."""
    gone = threading.Event()

    def drip(connection: socket) -> None:
        with connection:
            try:
                connection.recv(1024)
                connection.sendall(first)
                while not gone.wait(0.02):
                    connection.sendall(then)
            except OSError:
                pass  # The client has had enough.

    def serve() -> None:
        connection, _ = server.accept()
        drip(connection)

    with create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            gone.set()
            thread.join()


def test_an_answer_is_read(web: Web, ctx: Context) -> None:
    """Status, headers by lower-case name, and the body."""
    web.answer("/a", b"hello", status=201, headers={"X-One": "1", "Content-Type": "text/plain"})

    with outbound.request(ctx, web.url("/a?b=c"), timeout=LATE) as response:
        assert response.status == 201
        assert response.headers["x-one"] == "1"
        assert response.read(1000) == b"hello"
        assert str(response.url) == web.url("/a?b=c")

    assert web.received[0].path == "/a?b=c"
    assert web.received[0].headers["user-agent"] == "dormouse"


def test_a_body_is_read_as_far_as_wanted(web: Web, ctx: Context) -> None:
    """`read` stops at its limit, though the server has more, or never stops."""

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 65536)

    web.handle("/", endless)

    with outbound.request(ctx, web.url("/"), timeout=LATE) as response:
        assert response.read(200_000) == b"x" * 200_000


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (b"", b""),
    ],
    ids=["headers", "header", "body", "body without length", "chunks", "chunk header", "nothing"],
)
def test_a_server_that_drips_is_cut_off(first: bytes, then: bytes) -> None:
    """The timeout is for the whole call: a byte now and then does not prolong it."""
    with dripping(first, then) as port:
        ctx = a_context(allowed_hosts=frozenset({f"127.0.0.1:{port}"}))

        with pytest.raises(outbound.TimedOut):
            read(ctx, f"http://127.0.0.1:{port}/", timeout=SOON)


def test_a_tls_handshake_that_drips_is_cut_off() -> None:
    """A server that never gets to the end of its handshake does not hold the call."""
    record = bytes([22, 3, 3, 0x40, 0])  # a handshake record of 16 KiB, which trickles in
    with dripping(record, b"\x00") as port:
        ctx = a_context(allowed_hosts=frozenset({f"127.0.0.1:{port}"}))

        with pytest.raises(outbound.NetworkError):
            read(ctx, f"https://127.0.0.1:{port}/", timeout=SOON)


def test_the_attempts_deadline_bounds_a_call_too() -> None:
    """A call never lasts longer than the attempt, whatever timeout was asked for."""
    with dripping(b"", b"") as port:
        ctx = a_context(
            allowed_hosts=frozenset({f"127.0.0.1:{port}"}), deadline=datetime.now(UTC) + SOON
        )

        with pytest.raises(outbound.TimedOut):
            read(ctx, f"http://127.0.0.1:{port}/", timeout=timedelta(hours=1))


def test_an_attempt_without_time_makes_no_call(web: Web, network: Network) -> None:
    """After the deadline nothing is sent."""
    ctx = a_context(allowed_hosts=frozenset({web.host_and_port}), deadline=datetime.now(UTC) - LATE)

    with pytest.raises(outbound.TimedOut):
        read(ctx, web.url("/"))

    assert network.connected == []


def test_a_slow_look_up_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver has no timeout; the call has one all the same."""
    end = threading.Event()

    def never(*_arguments: object, **_keywords: object) -> list[object]:
        end.wait()
        return []

    monkeypatch.setattr("socket.getaddrinfo", never)
    try:
        with pytest.raises(outbound.TimedOut, match=r"slow\.test could not be looked up in time"):
            read(a_context(), "https://slow.test/", timeout=SOON)
    finally:
        end.set()


def test_a_server_that_is_not_there_is_a_network_error() -> None:
    """It may be there at the next attempt. The message says no address but the caller's own."""
    with Web().serving() as gone:
        pass
    ctx = a_context(allowed_hosts=frozenset({gone.host_and_port}))

    with pytest.raises(outbound.NetworkError) as failed:
        read(ctx, gone.url("/"))

    assert str(failed.value) == "127.0.0.1 could not be called: it refused the connection."


def test_a_name_without_address_is_a_network_error(network: Network) -> None:
    """Name servers fail too, so another attempt follows."""
    network.names = {"nowhere.test": [[]]}

    with pytest.raises(outbound.NetworkError, match=r"No address was found for nowhere\.test"):
        read(a_context(), "https://nowhere.test/")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 two-hundred OK\r\n\r\n",
        b"",
    ],
    ids=["no HTTP", "cut short", "bad chunk", "bad gzip", "bad status", "hung up"],
)
def test_a_broken_answer_is_a_network_error(answer: bytes) -> None:
    """What is no whole HTTP answer never passes for one."""

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    with create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        thread = threading.Thread(target=serve)
        thread.start()
        ctx = a_context(allowed_hosts=frozenset({f"127.0.0.1:{port}"}))
        try:
            with pytest.raises(outbound.NetworkError, match=r"^127\.0\.0\.1 (could|sent)"):
                read(ctx, f"http://127.0.0.1:{port}/")
        finally:
            thread.join()


def test_a_file_is_downloaded(web: Web, ctx: Context) -> None:
    """All of its bytes, in order."""
    data = bytes(range(256)) * 1000
    web.answer("/file", data)

    assert download(ctx, web.url("/file")) == data


def test_a_packed_file_is_unpacked(web: Web, ctx: Context) -> None:
    """A server is asked for gzip, which is undone."""
    data = b"a,b\n" * 10_000
    web.answer("/", gzip.compress(data), headers={"Content-Encoding": "gzip"})

    assert download(ctx, web.url("/")) == data
    assert web.received[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_that_is_too_large_is_given_up(web: Web, ctx: Context, *, announced: bool) -> None:
    """The size is counted while it streams, and never trusted."""

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        if announced:
            request.send_header("Content-Length", "10000000000000")
        request.end_headers()
        while True:
            request.wfile.write(b"x" * 65536)

    web.handle("/", endless)

    with pytest.raises(PermanentError, match="larger than 100,000 bytes"):
        download(ctx, web.url("/"), at_most=100_000)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_gzip_bomb_does_not_go_off(web: Web, ctx: Context, layers: int) -> None:
    """A small answer that unpacks to a large one is stopped at the limit, in little memory."""
    bomb = gzip.compress(bytes(100_000_000), compresslevel=1)
    if layers > 1:
        bomb = gzip.compress(bomb)
    web.answer("/", bomb, headers={"Content-Encoding": ", ".join(["gzip"] * layers)})
    tracemalloc.start()
    try:
        with pytest.raises(PermanentError, match="larger than 1,000,000 bytes"):
            download(ctx, web.url("/"), at_most=1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8_000_000


def test_a_cancelled_job_stops_downloading(web: Web) -> None:
    """A large download looks for the cancellation on its way."""
    web.answer("/", bytes(30_000_000))
    link = RecordingLink()
    link.cancelled = True
    ctx = a_context(allowed_hosts=frozenset({web.host_and_port}), link=link)

    with pytest.raises(Cancelled):
        download(ctx, web.url("/"), at_most=100_000_000)


def test_a_file_comes_over_https(network: Network) -> None:
    """Plain http is for allowed hosts only."""
    with pytest.raises(PermanentError, match="must begin with https"):
        download(a_context(), "http://public.test/")

    assert network.connected == []


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (204, PermanentError),
        (304, PermanentError),
        (404, PermanentError),
        (503, outbound.RetryableStatus),
    ],
)
def test_a_file_that_is_not_given_fails(
    web: Web, ctx: Context, status: int, raised: type[Exception]
) -> None:
    """Only 200 has the file; the other statuses mean what they mean for any call."""
    web.answer("/", status=status)

    with pytest.raises(raised, match=f"127.0.0.1 answered {status}"):
        download(ctx, web.url("/"))


def test_redirects_are_followed_when_asked_for(web: Web, ctx: Context) -> None:
    """Relative and absolute ones, up to the limit."""
    web.answer("/a", status=301, headers={"Location": "b?c=d"})
    web.answer(
        "/b", status=302, headers={"Location": web.url("/\u00e9".encode().decode("latin-1"))}
    )
    web.answer("/%C3%A9", b"here")

    with outbound.request(ctx, web.url("/a"), timeout=LATE, redirects=2) as response:
        assert response.read(100) == b"here"
        assert str(response.url) == web.url("/%C3%A9")

    with outbound.request(ctx, web.url("/a"), timeout=LATE) as response:
        assert response.status == 301


def test_a_redirect_without_target_is_an_answer(web: Web, ctx: Context) -> None:
    """There is nothing to follow."""
    web.answer("/", status=302)

    with outbound.request(ctx, web.url("/"), timeout=LATE, redirects=5) as response:
        assert response.status == 302


def test_a_secret_goes_to_its_hosts_only(web: Web, ctx: Context) -> None:
    """With a secret that is bound to hosts no other is called, by a redirect neither."""
    web.answer("/", status=302, headers={"Location": "https://other.example/"})
    for hosts, called in (("api.example.com", "127.0.0.1"), ("127.0.0.1", "other.example")):
        bound = replace(ctx, only_hosts=frozenset({hosts}))
        with (
            pytest.raises(PermanentError, match=re.escape(f"only, and {called} was called")),
            outbound.request(bound, web.url("/"), timeout=LATE, redirects=3),
        ):
            pass


def test_a_ring_of_redirects_ends(web: Web, ctx: Context) -> None:
    """After so many hops the call fails for good."""
    web.answer("/", status=307, headers={"Location": "/"})

    with (
        pytest.raises(PermanentError, match="redirects more than 3 times"),
        outbound.request(ctx, web.url("/"), timeout=LATE, redirects=3),
    ):
        pass

    assert len(web.received) == 4


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
        (301, "PUT", "PUT"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (302, "GET", "GET"),
    ],
)
def test_a_redirect_keeps_or_changes_the_method(
    web: Web, ctx: Context, status: int, method: str, then: str
) -> None:
    """As in RFC 9110, 15.4; a call that becomes GET loses its body."""
    body = b"body" if method in {"POST", "PUT"} else None
    web.answer("/", status=status, headers={"Location": "/then"})
    web.answer("/then")
    headers = {"Content-Type": "text/plain"} if body else {}

    with outbound.request(
        ctx, web.url("/"), method=method, body=body, headers=headers, timeout=LATE, redirects=1
    ) as response:
        assert response.status == 200

    onward = web.received[1]
    assert onward.method == then
    assert onward.body == (b"body" if then == method and body else b"")
    assert ("content-type" in onward.headers) == (then == method and body is not None)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_credentials_do_not_follow_to_another_origin(
    web: Web, make_context: Callable[..., Context], *, elsewhere: bool
) -> None:
    """Another port is another origin; only harmless headers go there."""
    with Web().serving() as other:
        ctx = make_context(allowed_hosts=frozenset({web.host_and_port, other.host_and_port}))
        target = other if elsewhere else web
        web.answer("/", status=302, headers={"Location": target.url("/then")})
        target.answer("/then")
        sent = {
            "Authorization": "Bearer secret",
            "Cookie": "secret",
            "X-Api-Key": "secret",
            "Accept": "text/plain",
            "Idempotency-Key": "1",
        }

        with outbound.request(ctx, web.url("/"), headers=sent, timeout=LATE, redirects=1):
            pass

        arrived = target.received[-1].headers
    assert arrived["accept"] == "text/plain"
    assert arrived["idempotency-key"] == "1"
    assert ("secret" in str(arrived)) != elsewhere
