"""A job store that writes down, with each change, who is to be told of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.events.message import job_message
from jobs.events.model import GRACE, KEPT_FOR, Change, Event, EventType, event_id, of_change
from jobs.job.model import Job, Version
from jobs.job.store import Cursor, Filter, JobStore

Listening = Callable[[EventType, Job], Sequence[str]]
"""The ids of the webhooks that want to hear of this. Asked only where there is something to tell;
raises `StoreUnavailable`."""


@dataclass(frozen=True, kw_only=True)
class AnnouncingJobStore:
    """Keeps the promises of `JobStore` by another store, and hands it the event of each save.

    So nothing that changes jobs needs to know of events. A change that nobody listens to is
    written as ever. `publishes` says that the ends of all jobs go to the events topic.
    """

    inner: JobStore
    listening: Listening
    publishes: bool = False

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        return self.inner.save(job, before, event or self._event(job, before))

    def _event(self, job: Job, before: Job) -> Event | None:
        change = of_change(before, job)
        if change is None:
            return None
        webhooks = tuple(self.listening(change.type, job))
        notify = job.notify if change.is_terminal else None
        publish = self.publishes and change.is_terminal
        if not (webhooks or notify or publish):
            return None
        return _event_of(job, before, change, webhooks).evolve(notify=notify, publish=publish)

    def create(self, job: Job) -> Job:
        return self.inner.create(job)

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        return self.inner.create_all(jobs)

    def get(self, job_id: str) -> Job | None:
        return self.inner.get(job_id)

    def get_all(self, job_ids: Sequence[str]) -> dict[str, Job]:
        return self.inner.get_all(job_ids)

    def delete(self, job_id: str, if_version: Version) -> None:
        self.inner.delete(job_id, if_version)

    def list_jobs(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        return self.inner.list_jobs(where, limit, after)

    def list_summaries(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        return self.inner.list_summaries(where, limit, after)

    def due(self, shard: int, before: datetime, limit: int) -> list[Job]:
        return self.inner.due(shard, before, limit)

    def count_open(self, owner: str, up_to: int) -> int:
        return self.inner.count_open(owner, up_to)

    def ping(self) -> None:
        self.inner.ping()


def _event_of(job: Job, before: Job, change: Change, webhooks: tuple[str, ...]) -> Event:
    own_id = event_id(job.id, before.version)
    return Event(
        id=own_id,
        type=change.type,
        owner=job.owner,
        created_at=change.at,
        message=job_message(own_id, change.type, change.at, job),
        wake_at=change.at + GRACE,
        expire_at=change.at + KEPT_FOR,
        webhooks=webhooks,
        job_id=job.id,
        job_type=job.type,
        trace=job.trace,
    )
