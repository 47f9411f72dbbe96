"""One request and its answer over one connection, to an address that was checked.

The only importer of httpcore. Its connections speak HTTP over a stream that we open, so the
connection goes to an address while the certificate is verified for the host's name. Its timeouts
are for one read each, so a server that sends a byte now and then would never meet them; `_cut_off`
ends the whole.
"""

import functools
import socket
import ssl
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

import httpcore

from handlers.outbound.deadline import Deadline
from handlers.outbound.errors import NetworkError
from handlers.outbound.outgoing import Outgoing
from handlers.outbound.resolve import resolve
from handlers.outbound.response import Response
from handlers.outbound.unpacking import unpacked
from handlers.outbound.url import Url

_WITHOUT_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_ERRORS = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError)
CONNECT_SECONDS = 10.0
MOST_ADDRESSES = 4
"""So many of a host's addresses are tried before the call counts as failed."""


@contextmanager
def exchange(
    outgoing: Outgoing, allowed_hosts: Collection[str], deadline: Deadline
) -> Iterator[Response]:
    """Send the request; give the answer while the connection is open.

    Raises `PermanentError` for a host that may not be called, else `NetworkError`.
    """
    url = outgoing.url
    addresses = resolve(url, allowed_hosts, deadline)
    with _reported(url, deadline):
        stream = _connect(url, addresses, deadline)
    origin = httpcore.Origin(url.scheme.encode(), url.host.encode(), url.port)
    with httpcore.HTTP11Connection(origin, stream) as connection, _cut_off(stream, deadline):
        with _reported(url, deadline):
            answer = connection.handle_request(_request(outgoing, deadline))
        yield _response(outgoing, answer, deadline)


def _connect(url: Url, addresses: list[str], deadline: Deadline) -> httpcore.NetworkStream:
    failure: Exception | None = None
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return _open(url, address, deadline)
        except _ERRORS as error:
            failure = error
    raise failure or NetworkError(f"No address was found for {url.host}.")


def _open(url: Url, address: str, deadline: Deadline) -> httpcore.NetworkStream:
    # Half, because connecting and the TLS handshake may take this long each.
    timeout = min(CONNECT_SECONDS, deadline.remaining() / 2)
    stream = httpcore.SyncBackend().connect_tcp(address, url.port, timeout)
    if url.scheme == "http":
        return stream
    return stream.start_tls(_tls(), url.host, timeout)


@functools.cache
def _tls() -> ssl.SSLContext:
    """Verifies certificates and names, by the system's trust store. Takes long to make."""
    return ssl.create_default_context()


def _request(outgoing: Outgoing, deadline: Deadline) -> httpcore.Request:
    url = outgoing.url
    seconds = deadline.remaining()
    return httpcore.Request(
        outgoing.method,
        httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target),
        headers=list(_with_ours(outgoing).items()),
        content=outgoing.body,
        extensions={"timeout": {"read": seconds, "write": seconds}},
    )


def _with_ours(outgoing: Outgoing) -> dict[str, str]:
    given = {name.lower() for name in outgoing.headers}
    ours = {"User-Agent": "dormouse", "Accept": "*/*"}
    length = {} if outgoing.body is None else {"Content-Length": str(len(outgoing.body))}
    return {
        "Host": outgoing.url.host_header,
        "Accept-Encoding": "gzip",
        "Connection": "close",
        **length,
        **{name: value for name, value in ours.items() if name.lower() not in given},
        **outgoing.headers,
    }


def _response(outgoing: Outgoing, answer: httpcore.Response, deadline: Deadline) -> Response:
    url = outgoing.url
    headers: dict[str, str] = {}
    for raw_name, raw_value in answer.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        # RFC 9110, 5.3: what comes more than once is one list.
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    parts = answer.iter_stream()
    rest = b""

    def read_packed(at_most: int) -> bytes:
        nonlocal rest
        while not rest:
            with _reported(url, deadline):
                part = next(parts, None)
            # Where nothing else says how long a body is, it ends with the connection: `_cut_off`
            # must not pass for the server.
            if part is None:
                deadline.remaining()
                return b""
            rest = part
        data, rest = rest[:at_most], rest[at_most:]
        return data

    # No byte of gzip is an answer without a body where its end is known, else one that broke off.
    has_end = (
        not headers.keys().isdisjoint({"content-length", "transfer-encoding"})
        or answer.status in _WITHOUT_BODY
        or outgoing.method == "HEAD"
    )
    read, packed = unpacked(
        read_packed, headers.pop("content-encoding", ""), url.host, may_be_empty=has_end
    )
    if packed:
        headers["content-encoding"] = packed
    return Response(url=url, status=answer.status, headers=headers, read_decoded=read)


@contextmanager
def _cut_off(stream: httpcore.NetworkStream, deadline: Deadline) -> Iterator[None]:
    """Shut the connection down at the deadline, whatever it is waiting for."""
    sock: socket.socket = stream.get_extra_info("socket")

    def cut() -> None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(deadline.remaining(), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _reported(url: Url, deadline: Deadline) -> Iterator[None]:
    try:
        yield
    except _ERRORS as error:
        deadline.remaining()
        raise NetworkError(f"{url.host} could not be called: {_reason(error)}.") from error


def _reason(error: BaseException) -> str:
    """In our words: the libraries' own name addresses."""
    if isinstance(error.__cause__, OSError):
        return _reason(error.__cause__)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message.rstrip('.')})"
    if isinstance(error, ssl.SSLError):
        return "TLS failed"
    if isinstance(error, TimeoutError | httpcore.TimeoutException):
        return "it did not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "it refused the connection"
    return "the connection broke or its answer is not HTTP"
