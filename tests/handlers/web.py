"""A real HTTP server on loopback, told by each test what to answer."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Handle = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """A request as it arrived. Names in `headers` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Web:
    """Answers by path, and keeps the requests that it received."""

    def __init__(self, scheme: str = "http") -> None:
        self.received: list[Received] = []
        self._scheme = scheme
        self._handles: dict[str, Handle] = {}
        self._server = _server(self._answer)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def host_and_port(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def answer(
        self,
        path: str,
        body: bytes = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """From now on, answer this at the path."""

        def handle(request: BaseHTTPRequestHandler) -> None:
            request.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | dict(headers or {})).items():
                request.send_header(name, value)
            request.end_headers()
            if request.command != "HEAD":
                request.wfile.write(body)

        self.handle(path, handle)

    def handle(self, path: str, handle: Handle) -> None:
        """From now on, let this answer at the path."""
        self._handles[path] = handle

    @contextmanager
    def serving(self, tls: ssl.SSLContext | None = None) -> Iterator["Web"]:
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length", 0))
        self.received.append(
            Received(
                method=request.command,
                path=request.path,
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.rfile.read(length),
            )
        )
        with suppress(OSError):  # The client may have had enough.
            self._handles[request.path.partition("?")[0]](request)


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing the server waits for its threads

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: a client that breaks off, or refuses a certificate, is what tests are for."""


def _server(answer: Handle) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name.startswith("do_"):  # The method of a request, such as do_GET.
                return lambda: answer(self)
            raise AttributeError(name)

        def log_message(self, *_arguments: object) -> None:
            """Stay quiet."""

    return _Server(("127.0.0.1", 0), Handler)
