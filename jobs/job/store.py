"""Where jobs are kept: the port that `firestore` and `memory` implement, under one test suite."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from jobs.events.model import Event
from jobs.job.model import Job, Status, Version

PAGE_BYTES: Final = 4 * 1024 * 1024
"""A list of whole jobs ends early once what it holds of payloads and the like comes to this."""


class Cursor(msgspec.Struct, frozen=True):
    """A place in a list that is newest first: just behind the job named here."""

    created_at: datetime
    id: str


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs a list shows. What is None is not asked for; what is given must all hold."""

    owner: str | None = None
    status: Status | None = None
    type: str | None = None
    label: tuple[str, str] | None = None


class JobStore(Protocol):
    """Durable, strongly consistent, and changed by compare-and-set only.

    Every method raises `StoreUnavailable` when the store can't be reached in time; whether a
    change was then kept is not known. A change that the adapter itself had to send twice counts
    as made once.
    """

    def create(self, job: Job) -> Job:
        """Keep a new job and return it with its version. Raises `JobExists`."""
        ...

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        """Keep all of these new jobs, or none: at most 500. Raises `JobExists`."""
        ...

    def get(self, job_id: str) -> Job | None:
        """The job as it is now. One document read."""
        ...

    def get_all(self, job_ids: Sequence[str]) -> dict[str, Job]:
        """Those of the jobs that there are, by id. One document read for each id."""
        ...

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        """Keep `job` if the document still is in the version of `before`, else change nothing.

        Writes the fields that differ between the two, and the event, in one commit: either both
        are kept or neither. Returns the job with its new version.
        Raises `VersionConflict`, also when the document is gone.
        """
        ...

    def delete(self, job_id: str, if_version: Version) -> None:
        """Remove the document if it still is in this version. Raises `VersionConflict`."""
        ...

    def list_jobs(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        """At most `limit` jobs, newest first, ties by id downwards. Reads what it returns.

        The list ends behind the job with which it `fills_a_page`, if it does.
        """
        ...

    def list_summaries(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        """As `list_jobs`, for showing only: `SUMMARY_LEAVES_OUT` is not read, and not there."""
        ...

    def due(self, shard: int, before: datetime, limit: int) -> list[Job]:
        """At most `limit` jobs of the shard with `wake_at < before`, the longest due first."""
        ...

    def count_open(self, owner: str, up_to: int) -> int:
        """How many of the owner's jobs are not terminal; `up_to` if there are as many or more.

        Counts in the index: Firestore bills a read for each 1000 jobs.
        """
        ...

    def ping(self) -> None:
        """Returns if the store answers."""
        ...


SUMMARY_LEAVES_OUT: Final = frozenset({"payload", "result", "checkpoint", "log"})


def summary_of(job: Job) -> Job:
    """The job as it stands in a list of summaries."""
    return job.evolve(payload=msgspec.Raw(b"null"), result=None, checkpoint=None, log=())


def weight_of(job: Job) -> int:
    """The bytes of what may be large in a job, but for some that its other fields have."""
    errors = [job.error, *(attempt.error for attempt in job.attempts)]
    return (
        len(bytes(job.payload))
        + len(job.result or "")
        + len(job.checkpoint or "")
        + sum(len(line.text) for line in job.log)
        + sum(len(error.message) + len(error.traceback or "") for error in errors if error)
    )


def fills_a_page(jobs: Iterable[Job]) -> bool:
    """Whether a list of jobs ends here because of its bytes: there may be more."""
    return sum(map(weight_of, jobs)) >= PAGE_BYTES


def page_of(jobs: Iterable[Job]) -> list[Job]:
    """The first of the jobs, up to the one with which they fill a page."""
    page: list[Job] = []
    weight = 0
    for job in jobs:
        page.append(job)
        if (weight := weight + weight_of(job)) >= PAGE_BYTES:
            break
    return page
