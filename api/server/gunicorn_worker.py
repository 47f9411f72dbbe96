"""gunicorn's thread worker, made fit for strangers.

As it comes, a thread waits for ever for the rest of a head or a body, the one thread that accepts
connections lingers for up to two seconds over each that it closes, and what can't be read is
answered with gunicorn's own text. Why it is done so: docs/decisions/0043-slow-clients.md.
"""

import time
from contextlib import suppress
from typing import Any

from gunicorn.http.wsgi import Response
from gunicorn.workers.gthread import ThreadWorker

from api.server import slow_clients
from api.server.slow_clients import PatientSocket
from api.server.unreadable import refusal


def _nameless(response: Response) -> list[str]:
    """The headers of every answer, without the name of the server, which helps nobody good."""
    named: list[str] = _default_headers(response)
    return [header for header in named if not header.startswith("Server:")]


_default_headers = Response.default_headers
Response.default_headers = _nameless


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """Gives up on slow clients, each in the thread that it holds; answers with problems only."""

    def enqueue_req(self, conn: Any) -> None:
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket(fileno=conn.sock.detach())
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        conn.sock.until = time.monotonic() + slow_clients.REQUEST_SECONDS
        goes_on = super().handle(conn)
        if not goes_on:
            # gunicorn does so too, but in the thread that accepts connections.
            conn.sock.linger()
        return goes_on

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: Exception) -> None:
        with suppress(OSError):
            client.sendall(refusal(exc))
