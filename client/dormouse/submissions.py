"""Submissions, and how they are encoded."""

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from dormouse.errors import ConfigurationError
from dormouse.model import RetryPolicy
from dormouse.payloads import encoded

MAX_BATCH: Final = 500
MAX_BATCH_BYTES: Final = 7 * 1024 * 1024
"""The service takes 8 MiB; the rest is for what stands around the jobs."""


KEY_HEADER: Final = "Idempotency-Key"
_KEY: Final = re.compile(r"[!#-\[\]-~]{1,255}")


def new_key() -> str:
    """A key that nobody has used."""
    return secrets.token_hex(16)


def quoted(key: str) -> str:
    """The key as a header has it. Raises `ConfigurationError` for what can be none."""
    if not _KEY.fullmatch(key):
        raise ConfigurationError(
            f"{key!r} can't be an idempotency key: give 1 to 255 visible ASCII characters without"
            " quotes and backslashes."
        )
    return f'"{key}"'


@dataclass(frozen=True)
class Submission:
    """A job to be. `run_at` needs a time zone; `delay` is in seconds, or a `timedelta`.

    Without an `idempotency_key` the client makes one, so that its own repeats are safe. Give one
    that follows from your own data to make *your* repeats safe too.
    """

    type: str
    payload: Any = field(default_factory=dict)
    idempotency_key: str | None = None
    run_at: datetime | None = None
    delay: float | timedelta | None = None
    labels: Mapping[str, str] | None = None
    max_attempts: int | None = None
    retry: RetryPolicy | None = None
    notify: str | None = None

    def body(self) -> bytes:
        """The JSON of a single submission. Raises `ConfigurationError`."""
        return encoded(self.fields())

    def item(self) -> bytes:
        """The JSON of it in a batch, with its key. Raises `ConfigurationError`."""
        return encoded({**self.fields(), "idempotency_key": self.key()})

    def key(self) -> str:
        """The caller's key, or a new one."""
        return new_key() if self.idempotency_key is None else self.idempotency_key

    def fields(self) -> dict[str, Any]:
        """By the API's names; what is not given is left out. Raises `ConfigurationError`."""
        if self.run_at is not None and self.delay is not None:
            raise ConfigurationError("Give `run_at` or `delay`, not both.")
        if self.run_at is not None and self.run_at.tzinfo is None:
            raise ConfigurationError(
                "`run_at` has no time zone: give `datetime(..., tzinfo=timezone.utc)`."
            )
        delay = self.delay.total_seconds() if isinstance(self.delay, timedelta) else self.delay
        said = {
            "type": self.type,
            "payload": self.payload,
            "run_at": self.run_at and self.run_at.astimezone(timezone.utc),
            "delay_seconds": delay,
            "labels": self.labels or None,
            "max_attempts": self.max_attempts,
            "retry": self.retry and _named(self.retry),
            "notify": {"url": self.notify} if self.notify else None,
        }
        return {name: value for name, value in said.items() if value is not None}


_MISSING: Final = {
    "priority": "orders who waits for a limit",
    "singleton": "keeps to one job under a key",
    "debounce": "runs the latest payload",
}


def submission(type_: str, payload: Any, more: Mapping[str, Any]) -> Submission:
    """Raises `ConfigurationError` for what this version of the service lacks, else `TypeError`."""
    for name in _MISSING.keys() & more.keys():
        raise ConfigurationError(
            f"`{name}` {_MISSING[name]}, and the service's version 0.1 lacks it: leave it out."
        )
    return Submission(type_, {} if payload is None else payload, **more)


def batches(submissions: Iterable[Submission]) -> Iterator[list[bytes]]:
    """The items, in as few batches as the service takes."""
    batch: list[bytes] = []
    size = 0
    for submission in submissions:
        item = submission.item()
        if batch and (len(batch) == MAX_BATCH or size + len(item) > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += len(item) + 1
    if batch:
        yield batch


def _named(retry: RetryPolicy) -> dict[str, float]:
    names = ("first_seconds", "factor", "longest_seconds")
    values = ((name, getattr(retry, name)) for name in names)
    return {name: value for name, value in values if value is not None}
