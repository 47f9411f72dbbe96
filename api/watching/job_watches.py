"""Looks at jobs for everybody in this process who watches them, once for all.

A look is a document read. Whoever watches the same job shares the looks, so that two hundred
watchers cost as many reads as one. One of the watchers looks, in its own thread, and the others are
told; when it leaves, another takes its place. Nothing is kept of a job that nobody watches.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from jobs.errors import StoreUnavailable
from jobs.job.model import Job
from jobs.job.store import JobStore
from jobs.runtime import Runtime

FIRST_PAUSE_SECONDS: Final = 0.05
LONGEST_PAUSE_SECONDS: Final = 1.0
"""A running attempt saves its progress at most once a second."""
GROWTH: Final = 1.5


class Watch:
    """One job, as those see it who watch it in this process. Safe for threads.

    Looks follow one another, never two at a time, so nobody sees the job go back.
    """

    def __init__(self, read: Callable[[], Job | None], runtime: Runtime) -> None:
        self._read = read
        self._runtime = runtime
        self._turn = runtime.condition()
        self.stops = False
        """Must the process stop?"""
        self._job: Job | None = None
        self._failure: StoreUnavailable | None = None
        self._begun = self._done = 0
        self._is_led = False
        self._pause = FIRST_PAUSE_SECONDS
        self._last_look = self._next_look = 0.0
        self.watch_slots = 0

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
            if self._job and self._runtime.boot_time() - self._last_look < LONGEST_PAUSE_SECONDS:
                return self._job
        return self.look()

    def next(self, seen: Job | None, seconds: float) -> Job | None:
        """The job as soon as it is not as `seen`, which came from here; None if it was deleted.

        What was seen itself when the time is up or the process must stop. A look that fails shows
        nothing new.
        """
        end = self._runtime.boot_time() + seconds
        leads = False
        with self._turn:
            try:
                while self._job is seen and not self.stops:
                    now = self._runtime.boot_time()
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

    def boot_time(self) -> float:
        """The clock by which to wait."""
        return self._runtime.boot_time()

    def stop(self) -> None:
        """Let everybody see that the process must stop."""
        with self._turn:
            self.stops = True
            self._turn.notify_all()

    def _look(self) -> None:
        """Read, without the lock that the caller has."""
        self._begun += 1
        begun_at = self._runtime.boot_time()
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
            self._next_look = self._runtime.boot_time() + self._pause
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

    def __init__(self, store: JobStore, runtime: Runtime) -> None:
        self._store = store
        self._runtime = runtime
        self._stops = False
        self._lock = runtime.lock()
        self._of_job: dict[str, Watch] = {}

    @contextmanager
    def watching(self, job_id: str) -> Iterator[Watch]:
        """The job's watch, shared with everybody who watches it meanwhile. Reads nothing yet."""
        with self._lock:
            watch = self._of_job.get(job_id)
            if watch is None:
                watch = Watch(lambda: self._store.get(job_id), self._runtime)
                watch.stops = self._stops
                self._of_job[job_id] = watch
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
        with self._lock:
            self._stops = True
            job_watches = list(self._of_job.values())
        for watch in job_watches:
            watch.stop()
