"""A job store whose changes are spans. Reads are not: they would be most of them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from opentelemetry.trace import Span, SpanKind, Tracer

from jobs.events.model import Event
from jobs.job.model import Job, Status, Version
from jobs.job.store import JobStore
from jobs.telemetry.context import here_or, span_of

_ATTRIBUTES = {
    "db.system.name": "gcp.firestore",
    "db.operation.name": "commit",
    "db.collection.name": "jobs",
}


class TracedStore:
    """Keeps the promises of `JobStore` as the store inside does."""

    def __init__(self, store: JobStore, tracer: Tracer) -> None:
        self._store = store
        self._tracer = tracer
        self.get = store.get
        self.get_all = store.get_all
        self.list_jobs = store.list_jobs
        self.list_summaries = store.list_summaries
        self.due = store.due
        self.count_open = store.count_open
        self.ping = store.ping

    def create(self, job: Job) -> Job:
        with self._span("create job", job):
            return self._store.create(job)

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        if not jobs:
            return self._store.create_all(jobs)
        with self._span("create jobs", jobs[0], len(jobs)):
            return self._store.create_all(jobs)

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        with self._span(_change(job, before), job):
            return self._store.save(job, before, event)

    def delete(self, job_id: str, if_version: Version) -> None:
        self._store.delete(job_id, if_version)

    def _span(self, name: str, job: Job, number: int = 1) -> AbstractContextManager[Span]:
        about = {"dormouse.job.id": job.id, "dormouse.job.type": job.type}
        attributes = _ATTRIBUTES | (about if number == 1 else {"db.operation.batch.size": number})
        return span_of(self._tracer, name, SpanKind.CLIENT, attributes, here_or(job.trace))


def _change(job: Job, before: Job) -> str:
    if job.status is Status.RUNNING and job.started_at != before.started_at:
        return "claim job"
    if before.status is Status.RUNNING and job.status is not Status.RUNNING:
        return "finish job"
    return "save job"
