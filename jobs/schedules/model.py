"""What a schedule is. How it changes stands in `transitions`, when it fires in `timetable`."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from jobs.job.model import NO_VERSION, Moment, Version
from jobs.job.spec import JobSpec

MAX_PER_OWNER = 100
MAX_CATCH_UP = 100
"""How many missed times are made up for at most: the newest."""
MAX_CATCH_UP_BYTES = 8 * 1024 * 1024
"""Their payloads together: Firestore takes ten in a commit."""


class CatchUp(StrEnum):
    """What becomes of the times that were missed in an outage."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class Overlap(StrEnum):
    """What becomes of a time at which the job of the time before has not ended."""

    ALLOW = "allow"
    SKIP = "skip"


class Cron(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="cron"):
    """Fires when the clocks of a time zone show what the expression says."""

    expression: str
    time_zone: str


class Every(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="every"):
    """Fires at `start` and each so many seconds after it, whatever the clocks show."""

    seconds: int
    start: Moment


Timing = Cron | Every


class Fired(msgspec.Struct, frozen=True, kw_only=True):
    """A time of the schedule, and the job that it made."""

    at: Moment
    job_id: str


class Skip(msgspec.Struct, frozen=True, kw_only=True):
    """A time of the schedule that made no job, and why.

    `code` is `missed`, `overlap`, or that of the error with which the job was refused.
    """

    at: Moment
    code: str
    detail: str


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A job to make again and again. All times are UTC.

    `template` is what each of its jobs is to be. `fire_at` is the next time; it is None while the
    schedule is paused. The jobs belong to the owner. `fingerprint` is of the request that made it,
    where that had an idempotency key. `version` is the document's state that this object shows; it
    is not part of the document.
    """

    id: str
    owner: str
    description: str = ""
    template: JobSpec
    timing: Timing
    catch_up: CatchUp = CatchUp.NONE
    overlap: Overlap = Overlap.ALLOW
    created_at: Moment
    updated_at: Moment
    paused_at: Moment | None = None
    fire_at: Moment | None = None
    last_firing: Fired | None = None
    last_skip: Skip | None = None
    fingerprint: str | None = None
    version: Version = NO_VERSION

    @property
    def type(self) -> str:
        """The job type of what it makes."""
        return self.template.type

    def evolve(self, **changes: Any) -> "Schedule":
        return msgspec.structs.replace(self, **changes)


def job_id_at(schedule_id: str, at: datetime) -> str:
    """The id of the job that the schedule makes at this time, whoever makes it."""
    return hashlib.sha256(f"{schedule_id}\0{at.isoformat()}".encode()).hexdigest()[:32]
