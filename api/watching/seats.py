"""Who may hold a request open here: so many in all, and half of them at most for one principal."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from jobs.runtime import Runtime


class Seats:
    """The places for those who wait for a job or watch one. Safe for threads.

    A seat holds one of the requests that an instance takes at a time, so that nobody can stop the
    others by waiting.
    """

    def __init__(self, most: int, runtime: Runtime) -> None:
        self._most = most
        self._most_of_one = (most + 1) // 2
        self._taken: Counter[str] = Counter()
        self._lock = runtime.lock()

    @contextmanager
    def seat(self, principal: str) -> Iterator[bool]:
        """Whether there was one for the principal; it is held meanwhile."""
        with self._lock:
            free = self._taken.total() < self._most and self._taken[principal] < self._most_of_one
            # Nothing is kept of those who have none.
            self._taken += Counter({principal: int(free)})
        try:
            yield free
        finally:
            with self._lock:
                self._taken -= Counter({principal: int(free)})

    @property
    def taken(self) -> int:
        return self._taken.total()
