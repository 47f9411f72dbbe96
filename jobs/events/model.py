"""What an event is, and which change of a job is one. Pure."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from zlib import crc32

import msgspec

from jobs.job.model import SHARDS, Job, Moment, Status

DELIVERY: Final = "webhook.deliver"
"""The job type that tells others. What happens to its jobs is no event, or they would go round."""

GRACE: Final = timedelta(minutes=1)
"""How long fan-out may take before the sweep sees to it."""
KEPT_FOR: Final = timedelta(days=7)
"""An event that can't be fanned out for so long is removed."""


class EventType(StrEnum):
    JOB_SUCCEEDED = "job.succeeded"
    JOB_FAILED = "job.failed"
    JOB_CANCELLED = "job.cancelled"
    JOB_RETRYING = "job.retrying"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_TEST = "webhook.test"


_TERMINAL: Final = {
    Status.SUCCEEDED: EventType.JOB_SUCCEEDED,
    Status.FAILED: EventType.JOB_FAILED,
    Status.CANCELLED: EventType.JOB_CANCELLED,
}


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is to be told, and to whom.

    `message` is the JSON text that everybody gets, the same for all. `webhooks` are the ids of
    those that listen, `notify` is the URL that the job itself names; `publish` says that the
    message goes to the events topic too. `wake_at` is when the sweep looks after it.
    """

    id: str
    type: EventType
    owner: str
    created_at: Moment
    message: str
    wake_at: Moment
    expire_at: Moment
    webhooks: tuple[str, ...] = ()
    notify: str | None = None
    publish: bool = False
    job_id: str | None = None
    job_type: str | None = None
    trace: str | None = None

    @property
    def shard(self) -> int:
        """Which part of the time-ordered index the event is in."""
        return crc32(self.id.encode()) % SHARDS

    def evolve(self, **changes: Any) -> "Event":
        return msgspec.structs.replace(self, **changes)


@dataclass(frozen=True, kw_only=True)
class Change:
    """A change of a job that is worth telling, and when it happened."""

    type: EventType
    at: datetime

    @property
    def is_terminal(self) -> bool:
        return self.type is not EventType.JOB_RETRYING


def of_change(before: Job, after: Job) -> Change | None:
    """What the change is to others, or None where they have no interest in it.

    A job that ended, in whichever way; or an attempt that ended and is followed by another.
    """
    if after.type == DELIVERY:
        return None
    if after.is_terminal:
        if before.is_terminal:
            return None
        return Change(type=_TERMINAL[after.status], at=after.finished_at or after.run_at)
    if after.attempts != before.attempts:
        return Change(type=EventType.JOB_RETRYING, at=after.attempts[-1].ended_at)
    return None


def event_id(*parts: str) -> str:
    """The same id for the same parts. It holds no full stop, as it is signed between two of them.

    For a change, the parts are the job's id and the version before: a version is left only once.
    """
    return f"evt_{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:32]}"
