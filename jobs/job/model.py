"""What a job is. How it changes stands in `transitions`."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NewType
from zlib import crc32

import msgspec

from jobs.job.spec import JobSpec

Version = NewType("Version", str)
"""Names one state of one job's document. Opaque; the store gives a new one at every save."""

NO_VERSION = Version("")

SHARDS = 8
"""An index over an ascending time takes about 500 writes a second; each shard has its own
range of every such index. https://cloud.google.com/firestore/docs/best-practices"""

ATTEMPTS_KEPT = 10

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time that can be compared with any other: what has no zone is not decoded."""

UNDELIVERED = "undelivered"
"""The code of the error of a job that no worker would take."""


class Status(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


class AttemptOutcome(StrEnum):
    """How one attempt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"
    CANCELLED = "cancelled"


class JobError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why an attempt, or the whole job, failed.

    `code` is stable: `handler_error`, `permanent_error`, `timed_out`, `handler_died`,
    `worker_lost`, `result_too_large`, `result_invalid`, `payload_invalid`, `secret_unavailable`,
    `undelivered`. `type` is the Python exception's name, `traceback` its redacted trace; both only
    for errors of a handler.
    """

    code: str
    message: str
    type: str | None = None
    traceback: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One ended run of a handler. `worker` is the Cloud Run revision that ran it."""

    number: int
    started_at: Moment
    ended_at: Moment
    outcome: AttemptOutcome
    worker: str
    error: JobError | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a running attempt says it is: a fraction from 0 to 1, and a word on it."""

    fraction: float
    message: str = ""


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler said through `context.log`. `level` is Python's name of it.

    Numbers count all lines of the job from 1, over its attempts, kept or not: a gap tells how
    many are missing.
    """

    number: int
    time: Moment
    level: str
    text: str


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a handler asked to remember: its state, and the results of its named steps, as JSON."""

    state: msgspec.Raw = msgspec.Raw(b"null")
    steps: Mapping[str, msgspec.Raw] = {}


class Job(JobSpec, frozen=True, kw_only=True, omit_defaults=True):
    """One piece of work that a caller asked for. All times are UTC with microseconds.

    `result` is a JSON text; `checkpoint` is the JSON text of a `Checkpoint`. `wake_at` is when
    somebody must look at the job if nothing else happens; a terminal job has none. `dispatches`
    counts the job messages since the last attempt. `version` is the document's state that this
    object shows; it is not part of the document.
    """

    id: str
    owner: str
    max_attempts: int
    created_at: Moment
    run_at: Moment
    status: Status = Status.QUEUED
    attempt: int = 0
    progress: Progress | None = None
    result: str | None = None
    error: JobError | None = None
    attempts: tuple[Attempt, ...] = ()
    log: tuple[LogLine, ...] = ()
    started_at: Moment | None = None
    finished_at: Moment | None = None
    wake_at: Moment | None = None
    expire_at: Moment | None = None
    checkpoint: str | None = None
    dispatches: int = 0
    handed_back: int = 0
    worker: str | None = None
    trace: str | None = None
    fingerprint: str | None = None
    version: Version = NO_VERSION

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def shard(self) -> int:
        """Which part of the time-ordered indexes the job is in; it follows from the id alone."""
        return crc32(self.id.encode()) % SHARDS

    def evolve(self, **changes: Any) -> "Job":
        return msgspec.structs.replace(self, **changes)
