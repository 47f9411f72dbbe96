"""One request and its answer over one connection, to an address that was checked.

The only importer of urllib3. Its documented `server_hostname` verifies the certificate for the
host's name while the connection goes to an address. Its timeouts are for one read each, so a
server that sends a byte now and then would never meet them; `_cut_off` ends the whole.
"""

import functools
import socket
import ssl
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from handlers.outbound.deadline import Deadline
from handlers.outbound.errors import NetworkError
from handlers.outbound.outgoing import Outgoing
from handlers.outbound.resolve import resolve
from handlers.outbound.response import Response
from handlers.outbound.url import Url

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
        connection = _connect(url, addresses, deadline)
    try:
        connection.timeout = deadline.remaining()
        with _cut_off(connection, deadline):
            with _reported(url, deadline):
                connection.request(
                    outgoing.method,
                    url.target,
                    body=outgoing.body,
                    headers=_with_ours(outgoing),
                    preload_content=False,
                )
                raw = connection.getresponse()
            with raw:
                yield _response(url, raw, deadline)
    finally:
        connection.close()


def _connect(url: Url, addresses: list[str], deadline: Deadline) -> HTTPConnection:
    failure: Exception | None = None
    for address in addresses[:MOST_ADDRESSES]:
        connection = _connection(url, address, deadline)
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure or NetworkError(f"No address was found for {url.host}.")


def _connection(url: Url, address: str, deadline: Deadline) -> HTTPConnection:
    # Half, because connecting and the TLS handshake may take this long each.
    timeout = min(CONNECT_SECONDS, deadline.remaining() / 2)
    if url.scheme == "http":
        return HTTPConnection(address, url.port, timeout=timeout)
    return HTTPSConnection(
        address, url.port, timeout=timeout, ssl_context=_tls(), server_hostname=url.host
    )


@functools.cache
def _tls() -> ssl.SSLContext:
    """Verifies certificates and names, by the system's trust store. Takes long to make."""
    return ssl.create_default_context()


def _with_ours(outgoing: Outgoing) -> dict[str, str]:
    given = {name.lower() for name in outgoing.headers}
    ours = {"User-Agent": "dormouse", "Accept": "*/*"}
    return {
        "Host": outgoing.url.host_header,
        "Accept-Encoding": "gzip",
        "Connection": "close",
        **{name: value for name, value in ours.items() if name.lower() not in given},
        **outgoing.headers,
    }


def _response(url: Url, raw: HTTPResponse, deadline: Deadline) -> Response:
    def read_decoded(at_most: int) -> bytes:
        with _reported(url, deadline):
            data = raw.read(at_most)
        if not data:
            # Where nothing else says how long a body is, it ends with the connection: `_cut_off`
            # must not pass for the server.
            deadline.remaining()
        return data

    return Response(
        url=url, status=raw.status, headers=_lower(raw.headers), read_decoded=read_decoded
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def _cut_off(connection: HTTPConnection, deadline: Deadline) -> Iterator[None]:
    """Shut the connection down at the deadline, whatever it is waiting for."""
    sock = connection.sock

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
    except (HTTPError, HTTPException, OSError) as error:
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
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "it refused the connection"
    return "the connection broke or its answer is not HTTP"
