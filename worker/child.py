"""What runs in a handler's own process."""

import ctypes
import importlib
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from jobs.context import Link
from jobs.log import start_logging
from jobs.registry import Registry
from jobs.settings import Settings
from jobs.telemetry import telemetry_for
from worker.line import Address, Line
from worker.outcome import Outcome
from worker.run import Task, run_handler

_PR_SET_PDEATHSIG = 1
_registry: Registry


def _run_handler(task: Task, link: Link) -> Outcome:
    return run_handler(_registry.get(task.job_type), task, link)


_handle: Callable[[Task, Link], Outcome] = _run_handler


def begin(handlers: str, project: str, memory_bytes: int, traced: Settings | None) -> None:
    """Make this fresh process ready: its job types, its log, its bounds."""
    global _registry, _handle  # noqa: PLW0603 - a process of a pool has no other place to keep it
    _registry = importlib.import_module(handlers).REGISTRY
    if traced:
        _handle = telemetry_for("worker", traced).handler(_handle)
    start_logging(project)
    # Data, not address space: libraries reserve much more than they use.
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    if sys.platform == "linux":
        # A worker that is killed takes its handlers along: their results would be dropped anyway.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # When memory runs out all the same, the kernel picks a handler before the worker.
        Path("/proc/self/oom_score_adj").write_text("900")


def run(task: Task, address: Address, link: str) -> Outcome:
    """One attempt. Whatever the handler does to its process stays in its process."""
    return _handle(task, Line(address, link))
