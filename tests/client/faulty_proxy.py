"""A proxy that drops, delays or doubles one connection in ten."""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KINDS = ("drop", "lose the answer", "delay", "double")
DELAY_SECONDS = 0.3
ANSWER_SECONDS = 60.0
_BETWEEN_TWO = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
)


@dataclass
class FaultyProxy:
    """Counts its faults, so that a test can see that there were some."""

    url: str = ""
    done: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(17))  # noqa: S311 - the same each time
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> str:
        with self.lock:
            kind = self.chance.choice(KINDS) if self.chance.random() < 0.1 else "pass"
            self.done[kind] += 1
            return kind


@contextmanager
def faulty_proxy(port: int) -> Iterator[FaultyProxy]:
    """In front of the server on this port, until the end of the block."""
    proxy = FaultyProxy()

    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0: a connection for each request.
        def _take(self) -> None:
            kind = proxy.next()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if kind == "drop":
                return
            if kind == "delay":
                time.sleep(DELAY_SECONDS)
            if kind == "double":
                self._forward(body)
            status, headers, answer = self._forward(body)
            if kind == "lose the answer":
                return
            self.send_response(status)
            for name, value in headers:
                if name.lower() not in _BETWEEN_TWO:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = _take  # noqa: N815 - http.server's names

        def _forward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            server = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
            try:
                headers = {
                    name: value
                    for name, value in self.headers.items()
                    if name.lower() not in _BETWEEN_TWO
                }
                server.request(self.command, self.path, body or None, headers)
                answer = server.getresponse()
                return answer.status, answer.getheaders(), answer.read()
            finally:
                server.close()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
