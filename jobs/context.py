"""What a handler may ask and say while it runs, and how it says that it failed."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

import msgspec

from jobs.job.model import Checkpoint, Progress
from jobs.payloads.buckets import NO_BUCKETS, Buckets
from jobs.payloads.strict_json import check_json

MAX_CHECKPOINT_BYTES = 256 * 1024
LONGEST_WAIT_SECONDS = 366 * 86_400.0
"""A longer wait that a handler asks for is cut to this, so that its end is a date."""


class PermanentError(Exception):
    """Raise it in a handler when no further attempt can help. The job fails at once."""


class RetryAfter(Exception):
    """Raise it in a handler to be tried again after so many seconds, if attempts are left."""

    def __init__(
        self, seconds: float, message: str = "The handler asked to be tried again."
    ) -> None:
        super().__init__(message)
        self.seconds = wait_of(seconds)

    def __reduce__(self) -> tuple[type["RetryAfter"], tuple[float, str]]:
        return type(self), (self.seconds, str(self))


class Continue(Exception):
    """Raise it in a handler to go on later, in another push, after so many seconds.

    The attempt's lease is given up and its checkpoint kept, so a job may last longer than one push
    can. The attempt is the same afterwards: going on is no failure.
    """

    def __init__(self, after: float = 0.0) -> None:
        super().__init__(f"The handler goes on after {after:g} s.")
        self.after = wait_of(after)

    def __reduce__(self) -> tuple[type["Continue"], tuple[float]]:
        return type(self), (self.after,)


def wait_of(seconds: float) -> float:
    """A wait that can be kept: any number of seconds that Python knows, within bounds."""
    return min(max(0.0, float(seconds)), LONGEST_WAIT_SECONDS)


def encoded(value: Any) -> bytes:
    """The value as JSON. Raises `ValueError` for NaN and infinities, rather than drop them."""
    text = msgspec.json.encode(value)
    if b"null" in text and _is_beyond_json(msgspec.to_builtins(value, builtin_types=_KEPT)):
        raise ValueError("NaN and infinities are not JSON")
    return text


_KEPT = (bytes, bytearray, datetime, date, time, timedelta, Decimal, UUID)


def _is_beyond_json(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(_is_beyond_json, value.values()))
    return isinstance(value, list | tuple) and any(map(_is_beyond_json, value))


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

    def remember(self, checkpoint: str) -> None:
        """Keep the JSON text of a `Checkpoint`. Raises `Cancelled`, `StoreUnavailable`."""
        ...

    def say(self, time: datetime, level: str, text: str) -> None:
        """Keep a line of the log with the next save that is made anyway. May raise `Cancelled`."""
        ...


@dataclass
class Memory:
    """What this attempt knows to be kept."""

    checkpoint: Checkpoint = field(default_factory=Checkpoint)


@dataclass(frozen=True, kw_only=True)
class Context:
    """Given to a handler together with its payload.

    `idempotency_key` is the same for every attempt of the job: send it to third parties, so that
    they can recognise a repetition. `allowed_hosts` are the `host:port` pairs that outbound calls
    may reach although they are not public, `buckets` those of Cloud Storage that may be read. With
    `only_hosts` no other host may be called, as the payload has a secret that is for these. What
    `log` is told goes to the service's log, and its last lines stay with the job.
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
    buckets: Buckets = NO_BUCKETS
    only_hosts: frozenset[str] | None = None
    memory: Memory = field(default_factory=Memory)
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
        # What is no character, such as a part of a file name in Latin-1, can't be kept.
        text = message[:500].encode(errors="replace").decode()
        self.link.report(Progress(fraction=min(1.0, max(0.0, fraction)), message=text))

    def check(self) -> None:
        """Raise `Cancelled` if the job was cancelled. At most one document read a second."""
        self.link.check()

    @property
    def state(self) -> Any:
        """What `checkpoint` kept last, in this or an earlier attempt: plain JSON data, or None."""
        return msgspec.json.decode(self.memory.checkpoint.state)

    def checkpoint(self, state: Any) -> None:
        """Keep a state to go on from, in place of the last one. Costs a document write.

        Raises `TypeError`, `ValueError` or `InvalidRequest` if it is no strict JSON, `ValueError`
        if the job's checkpoint and steps together get larger than 256 KiB; `Cancelled`;
        `StoreUnavailable` if it may not have been kept.
        """
        self._remember(state=msgspec.Raw(encoded(state)))

    def step(self, name: str, do: Callable[[], Any]) -> Any:
        """What `do` returned when it was first done for this job; does it only if it never was.

        The result is kept before it is returned, as plain JSON data. If the worker dies between
        doing and keeping, the step is done again. Costs a document write, and raises, as
        `checkpoint` does.
        """
        steps = self.memory.checkpoint.steps
        if name not in steps:
            done = msgspec.Raw(encoded(do()))
            steps = {**steps, name: done}
            self._remember(steps=steps)
        return msgspec.json.decode(steps[name])

    def _remember(self, **changes: Any) -> None:
        checkpoint = msgspec.structs.replace(self.memory.checkpoint, **changes)
        text = msgspec.json.encode(checkpoint)
        if len(text) > MAX_CHECKPOINT_BYTES:
            raise ValueError(f"a checkpoint has at most {MAX_CHECKPOINT_BYTES} bytes of JSON")
        check_json(text, MAX_CHECKPOINT_BYTES, "The checkpoint")
        self.link.remember(text.decode())
        self.memory.checkpoint = checkpoint
