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
LAST_WORDS = 4000


class RedisMissing(Exception):
    """There is no `redis-server` on PATH."""

    def __init__(self) -> None:
        super().__init__(
            "The peers on Redis need redis-server on PATH: `sudo apt install redis-server`,"
            " `brew install redis`. `--only` measures without them."
        )


@dataclass(frozen=True)
class Emulators:
    """Their ports."""

    firestore: int
    pubsub: int


@dataclass(frozen=True)
class Grounds:
    """Started once for a whole run. `redis` is a port, or None where nobody needs it.

    `reached` is how the systems reach the emulators, where something stands in between.
    """

    emulators: Emulators
    redis: int | None
    logs: Path
    reached: Emulators | None = None

    @property
    def redis_url(self) -> str:
        return f"redis://{LOOPBACK}:{self.redis}/0"

    def ports(self) -> Ports:
        """Fresh ones for a system's services, beside those of the emulators."""
        reached = self.reached or self.emulators
        return replace(Ports.free(), firestore=reached.firestore, pubsub=reached.pubsub)

    def direct(self, ports: Ports) -> Ports:
        """The same, for what is no part of the system."""
        found = self.emulators
        return replace(ports, firestore=found.firestore, pubsub=found.pubsub)

    def start(
        self, processes: Processes, name: str, command: list[str], environment: Mapping[str, str]
    ) -> Child:
        """Start a child whose output goes to a file: to read it would cost while measuring."""
        with self._log(name).open("ab") as log:
            return processes.start(name, command, environment, output=log)

    def last_words(self, name: str) -> str:
        """The end of what a child wrote."""
        return self._log(name).read_text(errors="replace")[-LAST_WORDS:]

    def _log(self, name: str) -> Path:
        return self.logs / f"{name.replace(' ', '-')}.log"


def quiet_processes() -> Processes:
    """Whose children's output is not wanted."""
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
            _start_redis(processes, ports.worker, folder)
        yield Grounds(
            emulators=Emulators(ports.firestore, ports.pubsub),
            redis=ports.worker if with_redis else None,
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
