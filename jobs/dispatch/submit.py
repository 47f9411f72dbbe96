"""The one way in which jobs are born: kept first, then dispatched."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import Queue
from jobs.errors import DormouseError, IdempotencyKeyReused, JobExists, VersionConflict
from jobs.job.model import Job
from jobs.job.order import Order, job_for
from jobs.job.store import JobStore
from jobs.job_types import Registry
from jobs.payloads.secret_bindings import NO_SECRETS, SecretBindings
from jobs.telemetry.log import log_event

TRIES = 4


@dataclass(frozen=True)
class Submitted:
    """A kept job, and whether it is a replay: the job that the same key made before."""

    job: Job
    replayed: bool


@dataclass(frozen=True, kw_only=True)
class Submitter:
    """Makes jobs of orders.

    Once a method returns, its jobs are never lost: if dispatching fails, the sweep dispatches
    again. Every method raises `InvalidRequest`, `UnknownJobType`, `PayloadTooLarge`,
    `IdempotencyKeyReused`, `VersionConflict`, `StoreUnavailable`; then none of its jobs was made,
    except that after `StoreUnavailable` it is not known. A repetition under the same key is safe.
    """

    store: JobStore
    queue: Queue
    registry: Registry
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    secrets: SecretBindings = NO_SECRETS

    def submit(self, order: Order) -> Submitted:
        """One job: one write, and no read unless its key was used before."""
        job = job_for(order, self.registry, self.now(), self.new_id, self.secrets)
        try:
            kept = self.store.create(job)
        except JobExists:
            return Submitted(self._first_of(job), replayed=True)
        self._dispatch([kept])
        return Submitted(kept, replayed=False)

    def submit_all(self, orders: Sequence[Order]) -> list[Submitted]:
        """All of the jobs or none, in one commit and one publish, in the order of the orders."""
        now = self.now()
        jobs = [self._numbered(number, order, now) for number, order in enumerate(orders)]
        if len({job.id for job in jobs}) < len(jobs):
            raise IdempotencyKeyReused("Two jobs of the batch have the same idempotency key.")
        firsts: Mapping[str, Job] = {}
        for _ in range(TRIES):
            fresh = [job for job in jobs if job.id not in firsts]
            try:
                kept = {job.id: job for job in self.store.create_all(fresh)}
            except JobExists:
                firsts = self._firsts_of([job for job in jobs if job.fingerprint])
                continue
            self._dispatch(list(kept.values()))
            return [
                Submitted(kept.get(job.id) or firsts[job.id], replayed=job.id in firsts)
                for job in jobs
            ]
        raise VersionConflict("Other requests were using the same idempotency keys. Try again.")

    def _numbered(self, number: int, order: Order, now: datetime) -> Job:
        try:
            return job_for(order, self.registry, now, self.new_id, self.secrets)
        except DormouseError as error:
            raise type(error)(f"Job {number} of the batch: {error}") from error

    def _first_of(self, job: Job) -> Job:
        firsts = self._firsts_of([job])
        if job.id not in firsts:
            raise VersionConflict("The first job of this key was deleted just now. Try again.")
        return firsts[job.id]

    def _firsts_of(self, jobs: Sequence[Job]) -> dict[str, Job]:
        """The jobs that the same keys made before, by id."""
        firsts = self.store.get_all([job.id for job in jobs])
        for job in jobs:
            if job.id in firsts and firsts[job.id].fingerprint != job.fingerprint:
                raise IdempotencyKeyReused
        return firsts

    def _dispatch(self, kept: Sequence[Job]) -> None:
        for job in kept:
            log_event("job.submitted", job, owner=job.owner)
        if due := [job for job in kept if job.dispatches]:
            try_dispatch(self.queue, due)
