"""A job as the API answers it, as frozen data. Fields that a newer API adds are passed over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
TERMINAL: Final = frozenset({"succeeded", "failed", "cancelled"})


class JobError(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt failed."""

    code: str
    message: str
    type: str | None = None
    traceback: str | None = None


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """The running attempt's own report; `fraction` goes from 0 to 1."""

    fraction: float
    message: str = ""


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line that the handler logged. A gap in the numbers tells how many are missing."""

    number: int
    time: datetime
    level: str
    text: str


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One ended run of the job's handler."""

    number: int
    started_at: datetime
    ended_at: datetime
    outcome: str
    worker: str = ""
    error: JobError | None = None


class Notify(msgspec.Struct, frozen=True, kw_only=True):
    """The URL that is told when the job has ended."""

    url: str


class JobState(msgspec.Struct, frozen=True, kw_only=True):
    """A job as the API showed it last. Times are in UTC; what does not apply yet is None."""

    id: str
    type: str
    status: Status
    owner: str
    payload: Raw
    labels: Mapping[str, str]
    attempt: int
    max_attempts: int
    progress: Progress | None
    output: Raw = msgspec.field(name="result")
    """The result as JSON. `result()` waits for it and decodes it."""
    error: JobError | None
    attempts: tuple[Attempt, ...] = ()
    log: tuple[LogLine, ...] = ()
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    notify: Notify | None = None

    @property
    def is_terminal(self) -> bool:
        """True once the job has succeeded, failed or been cancelled."""
        return self.status in TERMINAL

    def bare(self) -> "JobState":
        """The data alone, which goes between processes, without the means to go on."""
        return JobState(**{name: getattr(self, name) for name in JobState.__struct_fields__})

    def __repr__(self) -> str:
        """Shows id, type and status; payloads and results stay out of logs."""
        return f"{type(self).__name__}(id={self.id!r}, type={self.type!r}, status={self.status!r})"


class JobEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened to a job: `status`, `progress`, `log` or `end`.

    `data` is as docs/api.md of the service describes it for each kind.
    """

    kind: str
    data: Mapping[str, Any]
    id: str = ""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Waits between attempts. None keeps the job type's own."""

    first_seconds: float | None = None
    factor: float | None = None
    longest_seconds: float | None = None
