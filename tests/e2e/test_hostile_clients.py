"""Clients that send slowly, or without end, against the real services under gunicorn."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import pytest

from local.client import LocalClient
from local.emulators import PROJECT
from local.ports import LOOPBACK
from local.services import url
from tests.e2e.system import REQUEST_SECONDS, System, descendants

pytestmark = pytest.mark.parametrize("system", ["emulators"], indirect=True)

SLOW_CLIENTS = 200
MIB = 1024 * 1024
GIB = 1024 * MIB
# A body is cut at 16 MiB there, and some copies of it are made.
GROWTH = {"api": 16 * MIB, "worker": 96 * MIB}


@pytest.mark.parametrize("part", ["head", "body"])
def test_slow_clients_do_not_stop_a_quick_one(system: System, part: str) -> None:
    """Two hundred clients, all let in, are in the middle of a request; others are served."""
    head = (
        "POST /v1/jobs HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {system.token()}\r\n"
    )
    begun = head + {"head": "X-Slow: ", "body": 'Content-Length: 1000\r\n\r\n{"type":'}[part]
    with ExitStack() as clients:
        for _ in range(SLOW_CLIENTS):
            client = clients.enter_context(
                closing(socket.create_connection((LOOPBACK, system.ports.api)))
            )
            client.sendall(begun.encode())
        for _ in range(5):
            # Each on a connection of its own.
            system.session.close()
            assert system.call("GET", "/v1/jobs?page_size=1").status_code == 200


@pytest.mark.parametrize(
    ("service", "path", "framing", "status"),
    [
        ("api", "/v1/jobs", "declared", 413),
        ("api", "/v1/jobs", "chunked", 413),
        ("worker", "/jobs", "declared", 413),
        # Read to the bound, and no push any more.
        ("worker", "/jobs", "chunked", 400),
    ],
)
def test_a_huge_body_takes_no_memory(
    system: System, service: str, path: str, framing: str, status: int
) -> None:
    """A gibibyte, announced or not, is refused while the process stays as small as it was."""
    process = _process(system, f"{service}.main:build()")
    before = _peak(process, reset=True)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {_token(system, service, path)}\r\n"
    )
    if framing == "declared":
        sent = [f"{head}Content-Length: {GIB}\r\n\r\n".encode(), *_repeated(b"[" * MIB)]
    else:
        chunk = b"%x\r\n%s\r\n" % (MIB, b"[" * MIB)
        sent = [f"{head}Transfer-Encoding: chunked\r\n\r\n".encode(), *_repeated(chunk)]
    answer = _send(getattr(system.ports, service), sent)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert _peak(process) - before < GROWTH[service]


def _repeated(part: bytes) -> Iterator[bytes]:
    return (part for _ in range(GIB // MIB))


def _send(port: int, parts: Iterable[bytes]) -> bytes:
    """How the answer begins. Sends until the other end has had enough."""
    with closing(socket.create_connection((LOOPBACK, port), timeout=REQUEST_SECONDS)) as client:
        try:
            for part in parts:
                client.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return client.recv(100)


def _token(system: System, service: str, path: str) -> str:
    if service == "api":
        return system.token()
    client = LocalClient(url(system.ports.api), url(system.ports.local))
    account = f"pubsub-push@{PROJECT}.iam.gserviceaccount.com"
    return client.token(account, url(system.ports.worker) + path)


def _process(system: System, build: str) -> psutil.Process:
    """The one that serves; its parent is gunicorn's arbiter."""
    found = [one for one in descendants(system.process.pid) if build in one.cmdline()]
    (serving,) = (one for one in found if one.parent() in found)
    return serving


def _peak(process: psutil.Process, *, reset: bool = False) -> int:
    """The most memory that the process has had, in bytes; Linux only."""
    folder = Path("/proc") / str(process.pid)
    if not folder.exists():
        pytest.skip("this system does not tell")
    if reset:
        (folder / "clear_refs").write_text("5")
    (line,) = (
        line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM:")
    )
    return int(line.split()[1]) * 1024
