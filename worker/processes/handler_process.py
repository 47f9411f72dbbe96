"""One process that runs handlers, one at a time, and can be ended for real."""

import select
from multiprocessing.context import ForkServerContext

from jobs.job.model import JobError
from worker.attempts.outcome import Failed, HandlerOutcome
from worker.processes import child
from worker.processes.run import Task

LAST_WORD_SECONDS = 0.2
"""How long a handler may take to obey SIGTERM at its deadline, before it gets SIGKILL."""
GONE_SECONDS = 5.0
"""For a process that has ended to be taken notice of."""


class HandlerProcess:
    """Started with the object. Whoever has it is the only one to call `run`; all may `kill`."""

    def __init__(self, context: ForkServerContext, around: child.Surroundings) -> None:
        self.runs = 0
        self.has_ended = False
        self._connection, other = context.Pipe()
        # Made once: `Connection.poll` would make a selector for each attempt.
        self._answers = select.poll()
        self._answers.register(self._connection, select.POLLIN)
        # As a daemon it does not keep the worker from ending.
        self._process = context.Process(target=child.serve, args=(other, around), daemon=True)
        try:
            self._process.start()
        finally:
            # Only the process has that end now, so its own end is seen.
            other.close()

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    def run(self, task: Task, link: str, seconds: float) -> HandlerOutcome:
        """One attempt, which takes no longer than that. The process may be gone afterwards."""
        self.runs += 1
        try:
            self._connection.send((task, link))
            if not self._answers.poll(seconds * 1000):
                self.end()
                return _failed("timed_out", f"The attempt did not end within {seconds:.0f} s.")
            outcome: HandlerOutcome = self._connection.recv()
        except (EOFError, OSError):
            self._process.join(GONE_SECONDS)
            cause = _cause(self._process.exitcode)
            self.end()
            return _failed("handler_died", cause)
        return outcome

    def end(self) -> None:
        """Ask the process to end, and kill it if it does not. Idle, it ends at once."""
        self.has_ended = True
        self._connection.close()
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(LAST_WORD_SECONDS)
        self.kill()
        self._process.join(GONE_SECONDS)

    def kill(self) -> None:
        self._process.kill()


def _failed(code: str, message: str) -> Failed:
    return Failed(JobError(code=code, message=message))


def _cause(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"The handler's process was killed by signal {-exit_code}."
    return f"The handler's process ended with exit code {exit_code}."
