"""What every system under comparison stands on: the emulators, Redis, and a folder for logs."""

import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from local.emulators import await_emulators, find_emulators, remove_containers, start_emulators
from local.ports import LOOPBACK, Ports
from local.processes import Child, Processes

REDIS_SECONDS = 20.0


class RedisMissing(Exception):
    """There is no `redis-server` on PATH."""

    def __init__(self) -> None:
        super().__init__(
            "The peers on Redis need redis-server on PATH: `sudo apt install redis-server`,"
            " `brew install redis`. `--only` measures without them."
        )


@dataclass(frozen=True)
class Grounds:
    """Started once for a whole run. `redis` is a port, or None where nobody needs it.

    `firestore` is for the systems, `observed` for who looks at what they keep.
    """

    observed: int
    firestore: int
    pubsub: int
    redis: int | None
    logs: Path

    @property
    def redis_url(self) -> str:
        return f"redis://{LOOPBACK}:{self.redis}/0"

    def ports(self) -> Ports:
        """Fresh ones for a system's services, beside those of the emulators."""
        return replace(Ports.free(), firestore=self.firestore, pubsub=self.pubsub)

    def start(
        self, processes: Processes, name: str, command: list[str], environment: Mapping[str, str]
    ) -> Child:
        """Start a child whose output goes to a file: to read it would cost while measuring."""
        with (self.logs / f"{name.replace(' ', '-')}.log").open("ab") as log:
            return processes.start(name, command, environment, output=log)


def quiet_processes() -> Processes:
    return Processes(lambda _name, _line: None)


@contextmanager
def prepared(*, with_redis: bool) -> Iterator[Grounds]:
    """Raises `RedisMissing`, `EmulatorsMissing`. At the end of the block nothing is left."""
    if with_redis and not shutil.which("redis-server"):
        raise RedisMissing
    source, ports = find_emulators(), Ports.free()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(remove_containers, source, ports)
        processes = stack.enter_context(quiet_processes())
        start_emulators(processes, source, ports)
        await_emulators(processes, source, ports)
        if with_redis:
            _start_redis(processes, ports.local, folder)
        yield Grounds(
            observed=ports.firestore,
            firestore=ports.firestore,
            pubsub=ports.pubsub,
            redis=ports.local if with_redis else None,
            logs=folder,
        )


def _start_redis(processes: Processes, port: int, folder: Path) -> None:
    """With every write in a log that is synchronised once a second: jobs are to be durable."""
    command = ["redis-server", "--bind", LOOPBACK, "--port", str(port), "--dir", str(folder)]
    processes.start("redis", [*command, "--appendonly", "yes", "--save", ""], outlives_others=True)

    processes.wait_until(lambda: _answers(port), "Redis", REDIS_SECONDS)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
