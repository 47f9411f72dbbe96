"""Runs each handler in a process of its own, which can be ended for real.

Why processes, and why no library's pool: docs/decisions/0007-handlers-in-processes.md.
"""

import threading
from collections.abc import Callable
from datetime import datetime

from jobs.context import Cancelled
from jobs.settings.settings import Settings
from worker.attempts.outcome import Dropped, Failed, HandlerOutcome, Interrupted
from worker.processes import fork_server
from worker.processes.child import Surroundings
from worker.processes.handler_process import HandlerProcess
from worker.processes.handler_rpc import LinkServer
from worker.processes.run import Hold, Task

MAX_RUNS = 500
"""A process is replaced after so many attempts, so that what handlers leak does not add up."""
SHORTEST_SECONDS = 0.1


class HandlerPool:
    """A fixed number of processes that run handlers, one at a time each.

    An attempt that outlives its deadline is killed with its process, and so is its memory; its
    neighbours notice nothing. Must be made after a fork, never before. With `traced`, the settings
    of the telemetry, handlers can make spans of their own. Safe for threads: the thread that has an
    attempt speaks to the process itself, so no other has to wake up for it.
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
        self._now = now
        self._exchange = LinkServer()
        self._context = fork_server.context(handlers, traced=bool(traced))
        self._around = Surroundings(handlers, project, memory_bytes, traced, self._exchange.address)
        self._most = processes
        self._turn = threading.Condition()
        self._all: set[HandlerProcess] = set()
        self._free: list[HandlerProcess] = []
        self._count = 0
        self._stopping = False

    def start(self) -> None:
        """Begin to start the processes, rather than with the first jobs. Returns at once."""
        threading.Thread(target=self._fill, name="pool", daemon=True).start()

    def run(self, task: Task, hold: Hold) -> HandlerOutcome:
        """The outcome of one attempt. Never raises for what the handler does."""
        with self._exchange.connecting(hold) as name:
            process = self._take()
            if process is None:
                return Interrupted()
            try:
                hold.begin()
                seconds = (task.deadline - self._now()).total_seconds()
                outcome = process.run(task, name, max(SHORTEST_SECONDS, seconds), hold)
            except Cancelled:
                return Dropped()
            finally:
                self._give_back(process)
        # Of a process that was killed there is nothing to tell but that.
        return Interrupted() if self._stopping and isinstance(outcome, Failed) else outcome

    def stop(self) -> None:
        """End every handler at once. What runs, or would run, is interrupted."""
        with self._turn:
            self._stopping = True
            self._turn.notify_all()
            processes = list(self._all)
        for process in processes:
            process.kill()

    def _take(self) -> HandlerProcess | None:
        """A process for this thread alone, or None if the pool was stopped."""
        with self._turn:
            while not self._stopping:
                while self._free:
                    process = self._free.pop()
                    if process.is_ready:
                        return process
                    self._forget(process)
                    process.kill()
                if self._count < self._most:
                    self._count += 1
                    break
                self._turn.wait()
            else:
                return None
        return self._new()

    def _new(self) -> HandlerProcess:
        """A new process, for which `_count` has been raised."""
        try:
            process = HandlerProcess(self._context, self._around)
        except BaseException:
            with self._turn:
                self._count -= 1
                self._turn.notify()
            raise
        with self._turn:
            self._all.add(process)
            if self._stopping:
                process.kill()
        return process

    def _give_back(self, process: HandlerProcess) -> None:
        with self._turn:
            # Should it die now, whoever takes it next finds out.
            stays = process.is_fit and not (self._stopping or process.runs >= MAX_RUNS)
            if stays:
                self._free.append(process)
            else:
                self._forget(process)
            self._turn.notify()
        if not stays:
            process.end()

    def _forget(self, process: HandlerProcess) -> None:
        self._all.discard(process)
        self._count -= 1

    def _fill(self) -> None:
        for _ in range(self._most):
            with self._turn:
                if self._stopping or self._count >= self._most:
                    return
                self._count += 1
            self._give_back(self._new())
