"""Starts a service and waits for its first 200."""

import http.client
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO

from bench.bare import gunicorn
from bench.cold_start.figures import Start
from bench.usage import cpu_seconds, memory
from local.guard import GRACE_SECONDS, end_groups
from local.ports import LOOPBACK, Ports
from local.processes import ROOT
from local.services import command, environment

POLL_SECONDS = 0.001
GIVE_UP_SECONDS = 60.0
MIB = 1024 * 1024


@dataclass(frozen=True)
class Subject:
    """A service to start. Nothing that it depends on need be there: it connects when asked."""

    name: str
    command: Callable[[Ports], list[str]]
    port: Callable[[Ports], int]


class DidNotStart(Exception):
    """There was no answer, or none of 200."""


SUBJECTS = (
    Subject(
        "bare Flask, the API's flags",
        lambda ports: gunicorn("api", ports.api, "bench.cold_start.bare_flask:build()"),
        lambda ports: ports.api,
    ),
    Subject("API", lambda ports: command("api", ports), lambda ports: ports.api),
    Subject(
        "bare Flask, the worker's flags",
        lambda ports: gunicorn("worker", ports.worker, "bench.cold_start.bare_flask:build()"),
        lambda ports: ports.worker,
    ),
    Subject("worker", lambda ports: command("worker", ports), lambda ports: ports.worker),
)
"""Each behind the bare one that it is held against."""


def start(subject: Subject) -> Start:
    """One start, timed. Raises `DidNotStart`."""
    ports = Ports.free()
    with tempfile.TemporaryFile() as log:
        began = time.perf_counter()
        with _running(subject.command(ports), ports, log) as process:
            _await_answer(process, subject.port(ports), log)
            seconds = time.perf_counter() - began
            session = {"it": process.pid}
            cpu = cpu_seconds(session)["it"]
            held = memory(session)["it"]
    return Start(seconds=seconds, cpu_seconds=cpu, pss_mib=held.pss / MIB)


def import_log(subject: Subject) -> str:
    """What `-X importtime` says of one start, untimed."""
    ports = Ports.free()
    interpreter, *words = subject.command(ports)
    with tempfile.TemporaryFile() as log:
        with _running([interpreter, "-X", "importtime", *words], ports, log) as process:
            _await_answer(process, subject.port(ports), log)
        log.seek(0)
        return log.read().decode(errors="replace")


@contextmanager
def _running(words: list[str], ports: Ports, log: IO[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(  # noqa: S603 - our own command
        words,
        env=_environment(ports),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        # Waited for here, as a child of ours is there until it is.
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        end_groups([process.pid])
        process.wait()


def _environment(ports: Ports) -> dict[str, str]:
    """One that lets the first start leave bytecode for the others, as the images have it."""
    without = "PYTHONDONTWRITEBYTECODE"
    return {name: value for name, value in environment(ports).items() if name != without}


def _await_answer(process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    """Once the port is open, the one request waits in its queue until somebody serves it."""
    until = time.monotonic() + GIVE_UP_SECONDS
    while process.poll() is None and time.monotonic() < until:
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=GIVE_UP_SECONDS)
        with suppress(ConnectionError):
            connection.request("GET", "/livez")
            status = connection.getresponse().status
            connection.close()
            if status == HTTPStatus.OK:
                return
            break
        time.sleep(POLL_SECONDS)
    log.seek(0)
    sys.stderr.write(log.read().decode(errors="replace"))
    raise DidNotStart(" ".join(map(str, process.args)))  # type: ignore[arg-type] # a list of words
