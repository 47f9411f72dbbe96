"""Child processes, each in a group of its own, that all end with their owner.

Only the standard library is used here, as this also runs before anything is installed.
"""

import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Self, cast

from local.guard import end_groups

ROOT = Path(__file__).resolve().parent.parent
TAIL_LINES = 30
_POLL_SECONDS = 0.1
_LAST_LINES_SECONDS = 2.0


class ChildEnded(Exception):
    """A child ended that was to go on."""

    def __init__(self, name: str, status: int, last_lines: Sequence[str]) -> None:
        how = f"with status {status}" if status >= 0 else f"by {signal.Signals(-status).name}"
        super().__init__(f"{name} ended unexpectedly, {how}.")
        self.name = name
        self.status = status
        self.last_lines = tuple(last_lines)


class Interrupted(Exception):
    """The user, or the system, wants the end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class TookTooLong(Exception):
    """A condition did not come true in its time."""


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    outlives_others: bool
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL_LINES))

    @property
    def group(self) -> int:
        return self.process.pid


class Processes:
    """Starts children, tells of their ends, and leaves none behind.

    `show` gets each line that a child writes, from a thread. Use it as a context manager: at the
    end of the block all children have ended. Should the owner be killed, its guard ends them.
    """

    def __init__(self, show: Callable[[str, str], None]) -> None:
        self._show = show
        self._children: list[Child] = []
        # SimpleQueue may be used in a signal handler.
        self._events: SimpleQueue[ChildEnded | Interrupted] = SimpleQueue()
        self._stopping = False

    def __enter__(self) -> Self:
        self._guard = subprocess.Popen(
            [sys.executable, "-m", "local.guard"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        *,
        outlives_others: bool = False,
        output: IO[bytes] | None = None,
    ) -> Child:
        """Start a child in the project's folder. Raises `OSError` if the program can't be run.

        At the end, those that outlive others are ended when the others have gone. What is written
        to an `output` of its own is not shown.
        """
        process = subprocess.Popen(  # noqa: S603 - the commands are our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=output or subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
        )
        child = Child(name, process, outlives_others)
        self._children.append(child)
        self._tell_guard("+", child)
        threading.Thread(target=self._watch, args=(child,), daemon=True).start()
        return child

    def wait(self, seconds: float | None = None) -> None:
        """Returns after so many seconds. Raises `ChildEnded` or `Interrupted` before."""
        try:
            raise self._events.get(timeout=seconds)
        except Empty:
            return

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Returns once `ready`. Raises `TookTooLong`, `ChildEnded`, `Interrupted`."""
        until = time.monotonic() + seconds
        while not ready():
            self.wait(_POLL_SECONDS)
            if time.monotonic() > until:
                raise TookTooLong(f"{what} did not answer within {seconds:g} s.")

    def stop(self) -> None:
        """End all children. Safe to call twice."""
        self._stopping = True
        for last in (False, True):
            ending = [child for child in self._children if child.outlives_others is last]
            end_groups([child.group for child in ending])
            for child in ending:
                child.process.wait()
                self._tell_guard("-", child)
        self._children.clear()
        if self._guard.stdin:
            self._guard.stdin.close()
        self._guard.wait()

    @contextmanager
    def signals_end_it(self) -> Iterator[None]:
        """Within the block, SIGINT, SIGTERM and SIGHUP make the waiting methods raise."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {
            number: signal.signal(number, lambda got, _: self._events.put(Interrupted(got)))
            for number in numbers
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def interrupt(self) -> None:
        """Make the waiting methods raise as SIGHUP does: the terminal is gone."""
        self._events.put(Interrupted(signal.SIGHUP))

    def _watch(self, child: Child) -> None:
        reader = threading.Thread(target=self._read, args=(child,), daemon=True)
        if child.process.stdout:
            reader.start()
        status = child.process.wait()
        if child.process.stdout:
            # A grandchild may hold the pipe open.
            reader.join(_LAST_LINES_SECONDS)
        if not self._stopping:
            self._events.put(ChildEnded(child.name, status, tuple(child.tail)))

    def _read(self, child: Child) -> None:
        with cast("IO[bytes]", child.process.stdout) as output:
            for line in output:
                text = line.decode(errors="replace").rstrip()
                child.tail.append(text)
                self._show(child.name, text)

    def _tell_guard(self, sign: str, child: Child) -> None:
        if self._guard.stdin:
            with suppress(BrokenPipeError):
                self._guard.stdin.write(f"{sign}{child.group}\n".encode())
                self._guard.stdin.flush()
