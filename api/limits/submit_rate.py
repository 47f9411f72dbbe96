"""How fast a principal may submit: a token bucket for each, in this instance's memory.

Several instances count each for itself, so a principal may get up to their number times the rate.
docs/decisions/0042-limits-per-instance.md says why that is enough.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from api.http.errors import RateLimited
from api.limits.lru import Lru
from jobs.runtime import Runtime

MAX_PRINCIPALS: Final = 10_000
"""Whoever is forgotten finds a full bucket again; it takes as many other principals."""
POLICY: Final = "RateLimit-Policy"
LIMIT: Final = "RateLimit"


@dataclass(frozen=True)
class _Bucket:
    tokens: float
    at: datetime


class SubmitRate:
    """Lets each principal submit `per_second` jobs, and `burst` at once after a pause.

    A rate of 0 is no limit. Safe for threads.
    """

    def __init__(self, per_second: int, burst: int, runtime: Runtime) -> None:
        self._per_second = per_second
        self._burst = burst
        self._now = runtime.now
        self._buckets: Lru[_Bucket] = Lru(MAX_PRINCIPALS)
        self._lock = runtime.lock()

    def check(self, principal: str) -> None:
        """Raises `RateLimited` for a principal that could not submit one job now. Takes nothing."""
        if not self._per_second:
            return
        with self._lock:
            tokens = self._tokens(principal)
        if tokens < 1:
            seconds = math.ceil((1 - tokens) / self._per_second)
            raise RateLimited(seconds, headers=self._headers(tokens, seconds))

    def take(self, principal: str, jobs: int) -> Mapping[str, str]:
        """Take so many jobs from the principal's bucket. Returns headers for the answer.

        More jobs at once than the burst need a full bucket, and leave a debt. Raises
        `RateLimited`; then nothing was taken.
        """
        if not self._per_second:
            return {}
        with self._lock:
            tokens = self._tokens(principal)
            lacking = min(jobs, self._burst) - tokens
            if lacking <= 0:
                tokens -= jobs
                self._buckets.put(principal, _Bucket(tokens, self._now()))
        if lacking > 0:
            seconds = math.ceil(lacking / self._per_second)
            raise RateLimited(seconds, headers=self._headers(tokens, seconds))
        return self._headers(tokens, math.ceil((self._burst - tokens) / self._per_second))

    def _tokens(self, principal: str) -> float:
        bucket = self._buckets.get(principal)
        if bucket is None:
            return self._burst
        # A clock that was set back gives nothing.
        seconds = max(0.0, (self._now() - bucket.at).total_seconds())
        return min(float(self._burst), bucket.tokens + seconds * self._per_second)

    def _headers(self, tokens: float, seconds: int) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers has them: quota, window, remaining, reset."""
        window = math.ceil(self._burst / self._per_second)
        return {
            POLICY: f'"submissions";q={self._burst};w={window}',
            LIMIT: f'"submissions";r={max(0, math.floor(tokens))};t={seconds}',
        }
