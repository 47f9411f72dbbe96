"""What a handler may ask and say while it runs, and how it says that it failed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from jobs.model import Progress


class PermanentError(Exception):
    """Raise it in a handler when no further attempt can help. The job fails at once."""


class RetryAfter(Exception):
    """Raise it in a handler to be tried again after so many seconds, if attempts are left."""

    def __init__(
        self, seconds: float, message: str = "The handler asked to be tried again."
    ) -> None:
        super().__init__(message)
        self.seconds = max(0.0, seconds)

    def __reduce__(self) -> tuple[type["RetryAfter"], tuple[float, str]]:
        return type(self), (self.seconds, str(self))


class Cancelled(Exception):
    """The job was cancelled, or is not this attempt's any more. Let it pass through."""


class Link(Protocol):
    """The way from a running handler to the job's document."""

    def report(self, progress: Progress) -> None:
        """Keep the progress. Raises `Cancelled`."""
        ...

    def check(self) -> None:
        """Raises `Cancelled` if the job is not this attempt's any more."""
        ...


@dataclass(frozen=True, kw_only=True)
class Context:
    """Given to a handler together with its payload.

    `idempotency_key` is the same for every attempt of the job: send it to third parties, so that
    they can recognise a repetition. `allowed_hosts` are the `host:port` pairs that outbound calls
    may reach although they are not public.
    """

    job_id: str
    job_type: str
    attempt: int
    max_attempts: int
    deadline: datetime
    log: logging.LoggerAdapter[logging.Logger]
    link: Link
    traceparent: str | None = None
    allowed_hosts: frozenset[str] = frozenset()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def idempotency_key(self) -> str:
        return self.job_id

    @property
    def remaining(self) -> timedelta:
        """How much time this attempt has left."""
        return max(timedelta(), self.deadline - self.now())

    def progress(self, fraction: float, message: str = "") -> None:
        """Tell who asked how far the work is: a fraction from 0 to 1 and a word on it.

        Costs a document write; calls within a second of the last one that was kept are passed
        over. Raises `Cancelled` if the job was cancelled.
        """
        self.link.report(Progress(fraction=min(1.0, max(0.0, fraction)), message=message[:500]))

    def check(self) -> None:
        """Raise `Cancelled` if the job was cancelled. At most one document read a second."""
        self.link.check()
