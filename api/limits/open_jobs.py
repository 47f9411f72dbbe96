"""How many jobs a principal may have that are not terminal yet.

The store is asked at most once in some seconds for each principal and instance, and only where the
limit is set, so the common way of a job stays without a read. In between, what the principal
submits here is added; what it submits at other instances, and what ends, shows at the next count.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from api.http.errors import TooManyOpenJobs
from api.limits.lru import Lru
from jobs.job.store import JobStore
from jobs.runtime import Runtime

COUNT_HOLDS: Final = timedelta(seconds=5)
MAX_PRINCIPALS: Final = 10_000


@dataclass(frozen=True)
class _Count:
    jobs: int
    at: datetime


class OpenJobs:
    """Lets each principal have `most` jobs that are not terminal. 0 is no limit."""

    def __init__(self, store: JobStore, most: int, runtime: Runtime) -> None:
        self._store = store
        self._most = most
        self._now = runtime.now
        self._counts: Lru[_Count] = Lru(MAX_PRINCIPALS)
        self._lock = runtime.lock()

    def add(self, principal: str, jobs: int) -> None:
        """Count so many more jobs as submitted.

        Raises `TooManyOpenJobs`, `StoreUnavailable`; then none of them counts.
        """
        if not self._most:
            return
        with self._lock:
            known = self._counts.get(principal)
        if known is None or not timedelta() <= self._now() - known.at < COUNT_HOLDS:
            # Outside the lock: one principal's slow count must not hold the others up.
            fresh = _Count(self._store.count_open(principal, self._most), self._now())
            with self._lock:
                self._counts.put(principal, fresh)
        with self._lock:
            counted = self._counts.get(principal) or _Count(0, self._now())
            if counted.jobs + jobs > self._most:
                seconds = int(COUNT_HOLDS.total_seconds())
                raise TooManyOpenJobs(
                    seconds,
                    f"You have {counted.jobs} jobs that have not ended; {self._most} are allowed.",
                )
            self._counts.put(principal, _Count(counted.jobs + jobs, counted.at))
