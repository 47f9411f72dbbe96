"""One process that runs handlers, one at a time, and can be ended for real."""

import logging
import select
import socket
import struct
from multiprocessing.context import ForkServerContext
from typing import Any

from jobs.context import Cancelled
from jobs.job.model import JobError
from jobs.runtime import MACHINE
from jobs.telemetry.log import log_fields
from worker.attempts.outcome import Dropped, Failed, HandlerOutcome
from worker.processes import child
from worker.processes.descendants import descendants, kill_descendants, kill_each
from worker.processes.run import Hold, Task
from worker.processes.waiting import wait_and_hold

LAST_WORD_SECONDS = 0.2
"""How long a handler may take to obey SIGTERM at its deadline, before it gets SIGKILL."""
GONE_SECONDS = 5.0
"""For a process that has ended to be taken notice of, and for an answer that has begun to end."""


class HandlerProcess:
    """Started with the object. Whoever has it is the only one to call `run`; all may `kill`.

    An answer counts for the attempt of its number alone. A process that says anything else, or
    speaks unasked, runs no further attempt.
    """

    def __init__(self, context: ForkServerContext, around: child.Surroundings) -> None:
        self.runs = 0
        self.is_fit = True
        self._connection, other = context.Pipe()
        _bound_reads(self._connection)
        # As a daemon it does not keep the worker from ending.
        self._process = context.Process(target=child.serve, args=(other, around), daemon=True)
        try:
            self._process.start()
        finally:
            # Only the process has that end now, so its own end is seen.
            other.close()
        # Made once: `Connection.poll` would make a selector for each attempt. The sentinel tells of
        # the process's end also while something that it started holds the pipe open.
        self._news = select.poll()
        self._news.register(self._connection, select.POLLIN)
        self._news.register(self._process.sentinel, select.POLLIN)

    @property
    def is_ready(self) -> bool:
        """Whether it runs, and has said nothing since its last answer."""
        return self.is_fit and not self._news.poll(0)

    def run(self, task: Task, link: str, seconds: float, hold: Hold) -> HandlerOutcome:
        """One attempt, which takes no longer than that. Afterwards look whether it `is_fit`.

        The thread is idle while it waits, so it renews the attempt's hold, and ends the handler if
        that is lost.
        """
        self.runs += 1
        try:
            self._connection.send((self.runs, task, link))
            if not wait_and_hold(self._speaks_within, hold, seconds, MACHINE.boot_time):
                self.end()
                return _failed("timed_out", f"The attempt did not end within {seconds:.0f} s.")
            if self._connection.poll():
                return self._answered(self._connection.recv(), task)
        except Cancelled:
            self.end()
            return Dropped()
        except Exception as error:  # noqa: BLE001 - a handler may have written anything to the pipe
            if not isinstance(error, EOFError | OSError):
                self.end()
                return _failed("handler_died", "The handler's process said what can't be read.")
        self._process.join(GONE_SECONDS)
        cause = _cause(self._process.exitcode)
        self.end()
        return _failed("handler_died", cause)

    def _speaks_within(self, seconds: float) -> bool:
        """Whether it says something, or ends."""
        return bool(self._news.poll(seconds * 1000))

    def _answered(self, answer: Any, task: Task) -> HandlerOutcome:
        if not isinstance(answer, child.Answer) or answer.number != self.runs:
            self.end()
            return _failed("handler_died", "The handler's process answered for another attempt.")
        if answer.left_behind:
            self.is_fit = False
            log_fields(
                "handler.left_behind",
                level=logging.WARNING,
                job=task.job_id,
                type=task.job_type,
                what=", ".join(answer.left_behind),
            )
        return answer.outcome

    def end(self) -> None:
        """Ask the process to end, and kill it if it does not. Idle, it ends at once."""
        self.is_fit = False
        # Looked up before: once it has ended, nothing tells what it had started.
        started = descendants(self._process.pid) if self._process.pid else set()
        self._connection.close()
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(LAST_WORD_SECONDS)
        kill_each(started)
        self.kill()
        self._process.join(GONE_SECONDS)

    def kill(self) -> None:
        """End it and all that it has started, at once."""
        # One that ended long ago may have given its number to somebody else.
        if self._process.pid and self._process.is_alive():
            kill_descendants(self._process.pid)
        self._process.kill()


def _bound_reads(connection: Any) -> None:
    """Let no read of an answer that has begun wait for ever for the rest of it. socket(7)."""
    seconds = struct.pack("ll", int(GONE_SECONDS), 0)
    with socket.socket(fileno=connection.fileno()) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
        same.detach()


def _failed(code: str, message: str) -> Failed:
    return Failed(JobError(code=code, message=message))


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"The handler's process was killed by signal {-exit_code}."
    return f"The handler's process ended with exit code {exit_code}."
