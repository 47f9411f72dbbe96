"""What runs in a handler's own process."""

import ctypes
import importlib
import os
import resource
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import current_process, forkserver, resource_tracker
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from jobs.context import Link
from jobs.settings.settings import Settings
from jobs.telemetry.log import start_logging
from jobs.telemetry.start import telemetry_for
from worker.attempts.outcome import HandlerOutcome
from worker.processes.handler_rpc import Address, LinkClient
from worker.processes.process_state import ProcessState
from worker.processes.run import Task, run_handler

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Surroundings:
    """What a handler's process is told of its worker. `traced` are the telemetry's settings."""

    handlers: str
    project: str
    memory_bytes: int
    traced: Settings | None
    address: Address


@dataclass(frozen=True)
class Answer:
    """What became of the attempt of this number, and what it left behind in its process."""

    number: int
    outcome: HandlerOutcome
    left_behind: tuple[str, ...]


def serve(connection: "Connection[Any, Any]", around: Surroundings) -> None:
    """Run what the worker sends, one attempt after the other, until it sends no more.

    Whoever gets here by a fork inside a handler goes no further: the attempt is its parent's.
    """
    _leave_the_workers_group()
    handle = _begin(around)
    own_pid, state = os.getpid(), ProcessState.taken()
    while True:
        try:
            number, task, link = connection.recv()
        except EOFError:
            return
        try:
            outcome = handle(task, LinkClient(around.address, link))
        finally:
            if os.getpid() != own_pid:
                os._exit(1)
        connection.send(Answer(number, outcome, tuple(state.restore())))


def _leave_the_workers_group() -> None:
    """Make a session of its own: a handler that signals its group reaches nobody else.

    `multiprocessing` works in a handler: only daemons may have no children, and this process is one
    for the worker alone.
    """
    os.setsid()
    current_process().daemon = False
    # The fork server ends with the worker, and this process with it, only if nobody else holds the
    # server's pipe; and what a handler writes into that pipe would end the server.
    server: Any = vars(forkserver)["_forkserver"]
    tracker: Any = vars(resource_tracker)["_resource_tracker"]
    for owner, name in ((server, "_forkserver_alive_fd"), (tracker, "_fd")):
        os.close(getattr(owner, name))
        setattr(owner, name, None)
    server._forkserver_address = None  # noqa: SLF001 - so that a handler may have a server of its own


def _begin(around: Surroundings) -> Callable[[Task, Link], HandlerOutcome]:
    """Make this fresh process ready: its job types, its log, its bounds. Returns what runs them."""
    registry = importlib.import_module(around.handlers).REGISTRY

    def handle(task: Task, link: Link) -> HandlerOutcome:
        return run_handler(registry.get(task.job_type), task, link)

    start_logging(around.project)
    # Data, not address space: libraries reserve much more than they use.
    resource.setrlimit(resource.RLIMIT_DATA, (around.memory_bytes, around.memory_bytes))
    if sys.platform == "linux":
        # A worker that is killed takes its handlers along: their results would be dropped anyway.
        prctl = ctypes.CDLL(None).prctl
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # What a handler starts stays its descendant, and can be found and ended.
        prctl(_PR_SET_CHILD_SUBREAPER, 1)
        # When memory runs out all the same, the kernel picks a handler before the worker. It lets
        # nobody lower the value, where the container has a higher one.
        with suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("900")
    return telemetry_for("worker", around.traced).handler(handle) if around.traced else handle
