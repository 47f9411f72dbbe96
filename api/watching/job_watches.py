"""Looks at jobs for everybody in this process who watches them, once for all.

A look is a document read. Whoever watches the same job shares the looks, so that two hundred
watchers cost as many reads as one. One of the watchers looks, in its own thread, and the others are
told; when it leaves, another takes its place. Nothing is kept of a job that nobody watches.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from jobs.errors import StoreUnavailable
from jobs.job.model import Job
from jobs.job.store import JobStore

FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 1.0
"""A running attempt saves its progress at most once a second."""
GROWTH: Final = 1.5


class Watch:
    """One job, as those see it who watch it in this process. Safe for threads.

    Looks follow one another, never two at a time, so nobody sees the job go back.
    """

    def __init__(self, read: Callable[[], Job | None], stopping: threading.Event) -> None:
        self._read = read
        self._stopping = stopping
        self._turn = threading.Condition()
        self._job: Job | None = None
        self._failure: StoreUnavailable | None = None
        self._begun = self._done = 0
        self._is_led = False
        self._pause = FIRST_PAUSE_SECONDS
        self._last_look = self._next_look = 0.0
        self.watch_slots = 0

    @property
    def stops(self) -> bool:
        """Must the process stop?"""
        return self._stopping.is_set()

    def look(self) -> Job | None:
        """The job as it is now, or None: what a look shows that began after this call.

        Raises `StoreUnavailable`.
        """
        with self._turn:
            wanted = self._begun + 1
            while self._done < wanted:
                if self._done < self._begun:
                    self._turn.wait()
                else:
                    self._look()
            if self._failure:
                raise self._failure
            return self._job

    def recent(self) -> Job | None:
        """The job as it was at most a second ago, if somebody here has looked; else as `look`."""
        with self._turn:
            if self._job and time.monotonic() - self._last_look < LONGEST_PAUSE_SECONDS:
                return self._job
        return self.look()

    def next(self, seen: Job | None, seconds: float) -> Job | None:
        """The job as soon as it is not as `seen`, which came from here; None if it was deleted.

        What was seen itself when the time is up or the process must stop. A look that fails shows
        nothing new.
        """
        end = time.monotonic() + seconds
        leads = False
        with self._turn:
            try:
                while self._job is seen and not self.stops:
                    now = time.monotonic()
                    if now >= end:
                        break
                    leads = leads or not self._is_led
                    self._is_led = True
                    if not leads or self._done < self._begun:
                        self._turn.wait(end - now)
                    elif now < self._next_look:
                        self._turn.wait(min(self._next_look, end) - now)
                    else:
                        self._look()
            finally:
                if leads:
                    self._is_led = False
                    self._turn.notify_all()
            return self._job

    def wake(self) -> None:
        """Let everybody see that the process must stop."""
        with self._turn:
            self._turn.notify_all()

    def _look(self) -> None:
        """Read, without the lock that the caller has."""
        self._begun += 1
        begun_at = time.monotonic()
        self._turn.release()
        found, failure = self._job, None
        try:
            found = self._read()
        except StoreUnavailable as error:
            failure = error
        finally:
            self._turn.acquire()
            self._done = self._begun
            self._failure = failure
            if not failure:
                self._last_look = begun_at
            self._show(found)
            self._next_look = time.monotonic() + self._pause
            self._pause = min(self._pause * GROWTH, LONGEST_PAUSE_SECONDS)
            self._turn.notify_all()

    def _show(self, found: Job | None) -> None:
        known = self._job
        if known is None or found is None:
            self._job = found
        elif found.version != known.version:
            self._job = found
            if found.status is not known.status:
                # Most jobs end soon after they start.
                self._pause = FIRST_PAUSE_SECONDS


class Watches:
    """The jobs that are watched in this process, each with how many do."""

    def __init__(self, store: JobStore, stopping: threading.Event) -> None:
        self._store = store
        self._stopping = stopping
        self._lock = threading.Lock()
        self._of_job: dict[str, Watch] = {}

    @contextmanager
    def watching(self, job_id: str) -> Iterator[Watch]:
        """The job's watch, shared with everybody who watches it meanwhile. Reads nothing yet."""
        with self._lock:
            watch = self._of_job.setdefault(
                job_id, Watch(lambda: self._store.get(job_id), self._stopping)
            )
            watch.watch_slots += 1
        try:
            yield watch
        finally:
            with self._lock:
                watch.watch_slots -= 1
                if not watch.watch_slots:
                    del self._of_job[job_id]

    def stop(self) -> None:
        """Answer everybody who waits: the process must stop."""
        self._stopping.set()
        with self._lock:
            job_watches = list(self._of_job.values())
        for watch in job_watches:
            watch.wake()
