"""Runs each handler in a process of its own, which can be ended for real.

Why processes, and why Pebble's: docs/decisions/0007-handlers-in-processes.md.
"""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as TimedOut
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from weakref import WeakSet

from pebble import CONSTS, ProcessExpired, ProcessPool

from jobs.context import Link
from jobs.model import JobError
from jobs.settings import Settings
from worker import child, fork_server
from worker.line import Exchange
from worker.outcome import Failed, Interrupted, Outcome
from worker.run import Task

LAST_WORD_SECONDS = 0.2
"""How long a handler may take to obey SIGTERM at its deadline, before it gets SIGKILL.

The pool ends one process at a time, so one that is deaf keeps the others waiting for this long.
"""
MAX_TASKS = 500
"""A process is replaced after so many attempts, so that what handlers leak does not add up."""


class HandlerPool:
    """A fixed number of processes that run handlers, one at a time each.

    An attempt that outlives its deadline is killed with its process, and so is its memory; its
    neighbours notice nothing. Must be made after a fork, never before. With `traced`, the settings
    of the telemetry, handlers can make spans of their own.
    """

    def __init__(
        self,
        *,
        handlers: str,
        project: str,
        processes: int,
        memory_bytes: int,
        now: Callable[[], datetime],
        traced: Settings | None = None,
    ) -> None:
        CONSTS.term_timeout = LAST_WORD_SECONDS
        self._now = now
        self._pending: WeakSet[Future[Outcome]] = WeakSet()
        self._exchange = Exchange()
        self._pool = ProcessPool(
            max_workers=processes,
            max_tasks=MAX_TASKS,
            initializer=child.begin,
            initargs=(handlers, project, memory_bytes, traced),
            context=fork_server.context(handlers, traced=bool(traced)),
        )

    def start(self) -> None:
        """Begin to start the processes, rather than with the first job. Returns at once."""
        threading.Thread(target=lambda: self._pool.active, name="pool", daemon=True).start()

    def run(self, task: Task, link: Link) -> Outcome:
        """The outcome of one attempt. Never raises for what the handler does."""
        with self._exchange.connecting(link) as name:
            seconds = max(0.1, (task.deadline - self._now()).total_seconds())
            arguments = (task, self._exchange.address, name)
            try:
                future = self._pool.schedule(child.run, arguments, timeout=seconds)
                self._pending.add(future)
                outcome: Outcome = future.result()
            except TimedOut:
                return _failed("timed_out", f"The attempt did not end within {seconds:.0f} s.")
            except ProcessExpired as expired:
                return _failed("handler_died", _cause(expired))
            except (CancelledError, BrokenProcessPool, RuntimeError):
                # The pool was stopped, perhaps before this attempt had come so far.
                return Interrupted()
        return outcome

    def stop(self) -> None:
        """End every handler at once. What runs, or would run, is interrupted."""
        self._pool.stop()
        for process in multiprocessing.active_children():
            process.kill()
        for future in list(self._pending):
            future.cancel()
        self._pool.join()


def _failed(code: str, message: str) -> Failed:
    return Failed(JobError(code=code, message=message))


def _cause(expired: ProcessExpired) -> str:
    if expired.exitcode is not None and expired.exitcode < 0:
        return f"The handler's process was killed by signal {-expired.exitcode}."
    return f"The handler's process ended with exit code {expired.exitcode}."
