"""When a failed attempt is followed by another. Decides; does nothing."""

from collections.abc import Callable
from datetime import timedelta

import msgspec


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Exponential backoff with full jitter, or a list of waits.

    The wait after attempt n is uniform between 0 and
    `min(longest_seconds, first_seconds * factor ** (n - 1))`.
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
    Where there are `delays_seconds`, it is the n-th of these (the last for any later attempt) and
    up to a fifth more.
    """

    max_attempts: int = 5
    first_seconds: float = 2.0
    factor: float = 2.0
    longest_seconds: float = 3600.0
    delays_seconds: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.max_attempts <= MAX_ATTEMPTS:
            raise ValueError(f"max_attempts must be between 1 and {MAX_ATTEMPTS}")
        if not 0 < self.first_seconds <= self.longest_seconds <= LONGEST_SECONDS:
            raise ValueError(
                f"0 < first_seconds <= longest_seconds <= {LONGEST_SECONDS:g} must hold"
            )
        if not 1 <= self.factor <= MAX_FACTOR:
            raise ValueError(f"factor must be between 1 and {MAX_FACTOR:g}")
        if not all(0 < seconds <= LONGEST_SECONDS for seconds in self.delays_seconds):
            raise ValueError(f"each delay must be between 0 and {LONGEST_SECONDS:g}")

    def delay(self, attempt: int, uniform: Callable[[float, float], float]) -> timedelta:
        """The wait after the given attempt, counted from 1."""
        if self.delays_seconds:
            seconds = self.delays_seconds[min(attempt, len(self.delays_seconds)) - 1]
            return timedelta(seconds=uniform(seconds, seconds * 1.2))
        # There are no more attempts than that; the bound keeps the power from overflowing.
        grown = self.first_seconds * self.factor ** min(attempt - 1, MAX_ATTEMPTS)
        ceiling = min(self.longest_seconds, grown)
        return timedelta(seconds=uniform(0.0, ceiling))


MAX_ATTEMPTS = 100
MAX_FACTOR = 10.0
LONGEST_SECONDS = 86_400.0
