"""The system under test: the emulators and services of `./dev up`, made to be broken."""

import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from local.emulators import await_emulators, find_emulators, start_emulators
from local.ports import Ports
from local.processes import ROOT, Processes
from local.services import await_services, command, environment

HANDLERS = "tests.faults.handlers"
SKEWED = "tests.faults.skewed:build()"
FAULTS_TOKEN = secrets.token_urlsafe()
_RESTART_PAUSE_SECONDS = 0.1


class Service:
    """A service that is started again when it dies, as Cloud Run does."""

    def __init__(
        self, command: list[str], environment: Mapping[str, str], output: IO[bytes]
    ) -> None:
        self.command = command
        self._environment = environment
        self._output = output
        self._wanted = True
        self._process = self._start()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send the signal; SIGKILL goes to the whole group, as an instance dies as a whole."""
        with suppress(ProcessLookupError):
            if number == signal.SIGKILL:
                os.killpg(self._process.pid, number)
            else:
                self._process.send_signal(number)

    def stop(self) -> None:
        self._wanted = False
        self.kill(signal.SIGTERM)
        try:
            self._process.wait(12)
        except subprocess.TimeoutExpired:
            self.kill()
        self._keeper.join()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own command
            self.command,
            env=self._environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _keep(self) -> None:
        while True:
            self._process.wait()
            if not self._wanted:
                return
            time.sleep(_RESTART_PAUSE_SECONDS)
            self._process = self._start()


@dataclass(frozen=True)
class System:
    """Everything that a fault plan may lay hands on."""

    ports: Ports
    api: Service
    worker: Service
    emulators: Mapping[str, int]
    """The process group of each emulator, by name."""


@contextmanager
def running_system(
    log: IO[bytes], *, handlers: str = HANDLERS, skewed: bool = True
) -> Iterator[System]:
    """The whole system on free ports; at the end of the block nothing of it is left.

    If skewed, there are two workers, whose clocks differ.
    """
    ports = Ports.free()
    source = find_emulators()
    variables = environment(ports) | {"DORMOUSE_HANDLERS": handlers}

    def show(name: str, line: str) -> None:
        if name not in ("firestore", "pubsub"):
            log.write(f"{line}\n".encode())

    with Processes(show) as processes:
        emulators = {
            name: child.group for name, child in start_emulators(processes, source, ports).items()
        }
        await_emulators(processes, source, ports)
        # Only to the local cloud: no job of the system under test may read it.
        with_faults = variables | {"DORMOUSE_FAULTS_TOKEN": FAULTS_TOKEN}
        processes.start("local", command("local", ports), with_faults)
        services = []
        try:
            for name in ("worker", "api"):
                started = command(name, ports)
                if name == "worker" and skewed:
                    started = [*started[:-1], "--workers", "2", SKEWED]
                services.append(Service(started, variables, log))
            await_services(processes, ports)
            worker, api = services
            yield System(ports=ports, api=api, worker=worker, emulators=emulators)
        finally:
            for service in services:
                service.stop()
