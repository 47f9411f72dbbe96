"""What a watcher of a job is told, and how far it has been told. Pure.

A watcher's place follows from what it was told alone, and goes with every event as its id. So it
can come back to any instance, which needs to remember nothing.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Self
from zlib import crc32

import msgspec
from msgspec import Meta

from api.jobs.resources import Moment, path_of
from jobs.job.model import Job, JobError, LogLine, Status


class StatusEvent(msgspec.Struct, frozen=True, kw_only=True):
    """The job is in this status, or waits for another attempt. As in the job."""

    status: Status
    attempt: int
    max_attempts: int
    run_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    error: JobError | None


class ProgressEvent(msgspec.Struct, frozen=True, kw_only=True):
    """How far the running attempt says it is."""

    attempt: int
    fraction: float
    message: str


class EndEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing follows: don't connect again."""

    status: Annotated[Status | None, Meta(description="How the job ended; null if it was deleted.")]
    job: Annotated[str, Meta(description="Where the job is, with its result.")]


EVENTS: Final = {
    "status": StatusEvent,
    "progress": ProgressEvent,
    "log": LogLine,
    "end": EndEvent,
}

_PLACE: Final = re.compile(r"([0-9a-f]{8})\.([0-9]{1,9})\.([0-9a-f]{8}|)\.([0-9a-f]{8}|)(\.end)?")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How far somebody was told: up to which line, and digests of the last status and progress.

    And of which job: one that was deleted and submitted again under its key has the same id.
    """

    job: str = ""
    line: int = 0
    status: str = ""
    progress: str = ""
    ended: bool = False

    @classmethod
    def of(cls, event_id: str) -> Self:
        """The place behind the event of that id. Unknown ids start from the beginning."""
        if not (found := _PLACE.fullmatch(event_id)):
            return cls()
        job, line, status, progress, end = found.groups()
        return cls(job=job, line=int(line), status=status, progress=progress, ended=bool(end))

    def __str__(self) -> str:
        parts = (self.job, str(self.line), self.status, self.progress)
        return ".".join(parts) + (".end" if self.ended else "")


News = tuple[str, Any, Place]
"""An event's name, its data, and the place behind it."""


def news_of(job: Job, place: Place) -> Iterator[News]:
    """What somebody at this place does not know yet of the job as it is now.

    An end comes last, as soon as the job is terminal, and once.
    """
    if place.job != (own := f"{crc32(job.created_at.isoformat().encode()):08x}"):
        place = Place(job=own)
    told = (_status, _lines, _progress)
    for tell in reversed(told) if job.is_terminal else told:
        for name, data, behind in tell(job, place):
            place = msgspec.structs.replace(behind, ended=False)
            yield name, data, place
    if job.is_terminal and not place.ended:
        yield end_of(job, job.status, place)


def end_of(job: Job, status: Status | None, place: Place) -> News:
    """The last event."""
    data = EndEvent(status=status, job=path_of(job))
    return "end", data, msgspec.structs.replace(place, ended=True)


def _status(job: Job, place: Place) -> Iterator[News]:
    error = job.error and msgspec.structs.replace(job.error, traceback=None)
    data = StatusEvent(
        status=job.status,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        run_at=job.run_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        error=error,
    )
    if (digest := _digest(data)) != place.status:
        yield "status", data, msgspec.structs.replace(place, status=digest)


def _progress(job: Job, place: Place) -> Iterator[News]:
    if job.progress is None:
        return
    data = ProgressEvent(
        attempt=job.attempt, fraction=job.progress.fraction, message=job.progress.message
    )
    if (digest := _digest(data)) != place.progress:
        yield "progress", data, msgspec.structs.replace(place, progress=digest)


def _lines(job: Job, place: Place) -> Iterator[News]:
    for line in job.log:
        if line.number > place.line:
            yield "log", line, msgspec.structs.replace(place, line=line.number)


def _digest(data: msgspec.Struct) -> str:
    return f"{crc32(msgspec.json.encode(data)):08x}"
