"""Until when a call may last."""

import time
from datetime import timedelta

from handlers.outbound.errors import TimedOut


class Deadline:
    """A moment on the monotonic clock, by which a whole call must be over."""

    def __init__(self, after: timedelta) -> None:
        self._seconds = after.total_seconds()
        self._end = time.monotonic() + self._seconds

    def remaining(self) -> float:
        """The seconds left, always more than 0. Raises `TimedOut`."""
        if (left := self._end - time.monotonic()) > 0:
            return left
        raise TimedOut(f"The call was not over within {self._seconds:.3g} seconds.")
