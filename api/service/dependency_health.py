"""Asks what the service depends on whether it answers, at a cost that callers can't drive up."""

import logging
from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from jobs.runtime import Runtime

log = logging.getLogger(__name__)

FRESH_SECONDS = 5.0
"""An answer counts for so long. Health is public, and asking costs a document read."""


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the service needs."""

    status: Literal["ok", "unavailable"]
    latency_ms: Annotated[float, Meta(description="How long it took to answer.")]


class DependencyHealth:
    """The latest answer of each dependency. Safe for threads."""

    def __init__(
        self,
        pings: Mapping[str, Callable[[], None]],
        runtime: Runtime,
    ) -> None:
        self._pings = pings
        self._clock = runtime.boot_time
        self._lock = runtime.lock()
        self._latest: Mapping[str, Dependency] | None = None
        self._fresh_until = 0.0

    def dependencies(self) -> Mapping[str, Dependency]:
        """What each of them last answered; asks again if that is older than `FRESH_SECONDS`.

        Only one thread asks. The others get the answer before, or wait if it is the first one.
        """
        latest = self._latest
        if not self._lock.acquire(blocking=latest is None):
            return latest or {}
        try:
            if self._latest is None or self._clock() >= self._fresh_until:
                self._latest = {name: self._ask(name) for name in self._pings}
                self._fresh_until = self._clock() + FRESH_SECONDS
            return self._latest
        finally:
            self._lock.release()

    def _ask(self, name: str) -> Dependency:
        start = self._clock()
        status: Literal["ok", "unavailable"] = "ok"
        try:
            self._pings[name]()
        except Exception:  # a probe must answer whatever its dependency does
            log.warning("the %s does not answer", name, exc_info=True)
            status = "unavailable"
        return Dependency(status=status, latency_ms=round((self._clock() - start) * 1000, 1))
