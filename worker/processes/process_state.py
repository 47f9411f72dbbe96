"""Puts a process back as it was before a handler ran, so that the next one inherits nothing."""

import decimal
import gc
import locale
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_SIGNALS = tuple(
    number for number in signal.valid_signals() if number not in {signal.SIGKILL, signal.SIGSTOP}
)
_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_LIMITS = tuple(
    getattr(resource, name) for name in sorted(dir(resource)) if name.startswith("RLIMIT_")
)
_STANDARD_FILES = (0, 1, 2)
MORE_FILES = 32
"""Libraries keep some files open for their next use. More than so many are a leak."""


@dataclass(frozen=True)
class ProcessState:
    """What a handler may change for everybody in its process.

    Settings are put back. What can't be (threads, child processes, closed files, limits that were
    lowered for good) is named, and the process must not run another handler. Changes inside
    modules, such as a patched function, are the deployment's own business: nothing can tell them.
    """

    folder: str
    environment: Mapping[str, str]
    handlers: Mapping[int, Any]
    limits: Mapping[int, tuple[int, int]]
    files: tuple[Any, ...]
    open_files: int
    streams: tuple[Any, ...]
    threads: int
    language: str
    recursion: int
    umask: int

    @classmethod
    def taken(cls) -> "ProcessState":
        return cls(
            folder=os.getcwd(),  # noqa: PTH109 - one system call
            environment=dict(os.environ),
            handlers={number: signal.getsignal(number) for number in _SIGNALS},
            limits={which: resource.getrlimit(which) for which in _LIMITS},
            files=_files(),
            open_files=_open_files(),
            streams=(sys.stdin, sys.stdout, sys.stderr),
            threads=threading.active_count(),
            language=locale.setlocale(locale.LC_ALL),
            recursion=sys.getrecursionlimit(),
            umask=_umask(),
        )

    def restore(self) -> list[str]:
        """Put everything back. Returns what can't be, which is empty after a well-kept handler."""
        # First, so that nothing interrupts the rest.
        for timer in _TIMERS:
            signal.setitimer(timer, 0)
        for number, handler in self.handlers.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self._restore_settings()
        parts: tuple[tuple[str, Callable[[], bool]], ...] = (
            ("limits", self._has_its_limits),
            ("streams", self._has_its_streams),
            ("open files", lambda: _open_files() <= self.open_files + MORE_FILES),
            ("threads", lambda: threading.active_count() <= self.threads),
            ("processes", _has_no_children),
        )
        return [name for name, is_well in parts if not is_well()]

    def _restore_settings(self) -> None:
        os.chdir(self.folder)
        os.umask(self.umask)
        if os.environ != self.environment:
            os.environ.clear()
            os.environ.update(self.environment)
        sys.stdin, sys.stdout, sys.stderr = self.streams
        sys.setrecursionlimit(self.recursion)
        decimal.setcontext(decimal.Context())
        if locale.setlocale(locale.LC_ALL) != self.language:
            locale.setlocale(locale.LC_ALL, self.language)
        socket.setdefaulttimeout(None)
        gc.enable()

    def _has_its_streams(self) -> bool:
        return _files() == self.files and not any(one.closed for one in self.streams if one)

    def _has_its_limits(self) -> bool:
        for which, limits in self.limits.items():
            if resource.getrlimit(which) != limits:
                try:
                    resource.setrlimit(which, limits)
                except (OSError, ValueError):
                    return False
        return True


def _umask() -> int:
    """It can only be read by setting it. umask(2)."""
    found = os.umask(0o077)
    os.umask(found)
    return found


def _files() -> tuple[Any, ...]:
    """Which files the standard streams are, by their numbers on the system."""
    try:
        found = [os.fstat(number) for number in _STANDARD_FILES]
    except OSError:
        return ()
    return tuple((one.st_dev, one.st_ino) for one in found)


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208 - names are enough


def _has_no_children() -> bool:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            """One that has ended, and that nobody waited for."""
    except ChildProcessError:
        return True
    return False
