"""What runs in a handler's own process."""

import ctypes
import importlib
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from jobs.context import Link
from jobs.settings.settings import Settings
from jobs.telemetry.log import start_logging
from jobs.telemetry.start import telemetry_for
from worker.attempts.outcome import HandlerOutcome
from worker.processes.handler_rpc import Address, LinkClient
from worker.processes.run import Task, run_handler

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Surroundings:
    """What a handler's process is told of its worker. `traced` are the telemetry's settings."""

    handlers: str
    project: str
    memory_bytes: int
    traced: Settings | None
    address: Address


def serve(connection: "Connection[Any, Any]", around: Surroundings) -> None:
    """Run what the worker sends, one attempt after the other, until it sends no more."""
    handle = _begin(around)
    while True:
        try:
            task, link = connection.recv()
        except EOFError:
            return
        connection.send(handle(task, LinkClient(around.address, link)))


def _begin(around: Surroundings) -> Callable[[Task, Link], HandlerOutcome]:
    """Make this fresh process ready: its job types, its log, its bounds. Returns what runs them."""
    registry = importlib.import_module(around.handlers).REGISTRY

    def handle(task: Task, link: Link) -> HandlerOutcome:
        return run_handler(registry.get(task.job_type), task, link)

    start_logging(around.project)
    # Ctrl-C reaches the whole group. It is for the worker, which ends its handlers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Data, not address space: libraries reserve much more than they use.
    resource.setrlimit(resource.RLIMIT_DATA, (around.memory_bytes, around.memory_bytes))
    if sys.platform == "linux":
        # A worker that is killed takes its handlers along: their results would be dropped anyway.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # When memory runs out all the same, the kernel picks a handler before the worker.
        Path("/proc/self/oom_score_adj").write_text("900")
    return telemetry_for("worker", around.traced).handler(handle) if around.traced else handle
