"""Dispatches what nobody else will: delays, retries, lost job messages, dead workers' jobs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

import msgspec

from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import Queue
from jobs.errors import StoreUnavailable, VersionConflict
from jobs.job import transitions
from jobs.job.model import SHARDS, Job, Status
from jobs.job.store import JobStore
from jobs.job_types import Registry
from jobs.runtime import Runtime
from jobs.telemetry.log import log, log_event

AHEAD = timedelta(seconds=70)
"""How far a sweep looks ahead, and holds its request at most: until the next one, a minute later,
is surely at work."""
LIMIT = 200
"""How many jobs of a shard one query reads at most; where there were as many, it asks again."""
AT_ONCE = 16


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep did. `full` says that more was due than it had time for."""

    due: int
    dispatched: int
    full: bool


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One pass over what is due until the next one.

    Safe to run twice at once, and sweeps do overlap: every dispatch is saved before it is
    published, under the version that was read, so only one of two sweeps dispatches. A sweep that
    dies half-way is made good by the next.
    """

    store: JobStore
    queue: Queue
    registry: Registry
    runtime: Runtime

    def run(self) -> Swept:
        """Dispatch each due job at its moment. Returns as soon as nothing more is due."""
        horizon = self.runtime.now() + AHEAD
        due = dispatched = 0
        full = True
        while full and self.runtime.now() < horizon:
            found = list(self.runtime.map(partial(self._due, horizon), range(SHARDS), AT_ONCE))
            # What a full shard left out comes after the last that it gave: no job of another
            # shard that is due later may keep it waiting.
            ends = [_moment(jobs[-1]) for jobs in found if len(jobs) == LIMIT]
            full = bool(ends)
            jobs = [
                job
                for job in sorted(chain.from_iterable(found), key=_moment)
                if (not ends or _moment(job) <= min(ends)) and self._may_be_lost(job)
            ]
            due += len(jobs)
            at_their_moments = self._each_at_its_moment(jobs)
            woken = sum(self.runtime.map(self._tried, at_their_moments, AT_ONCE))
            dispatched += woken
            full = full and woken > 0
        return Swept(due=due, dispatched=dispatched, full=full)

    def _may_be_lost(self, job: Job) -> bool:
        """Whether to look at it: an attempt that is alive renews its lease before the end."""
        return job.status is Status.QUEUED or transitions.lease_ended(job, self.runtime.now())

    def _due(self, before: datetime, shard: int) -> list[Job]:
        return self.store.due(shard, before, LIMIT)

    def _each_at_its_moment(self, due: Iterable[Job]) -> Iterable[Job]:
        for job in due:
            while (wait := _moment(job) - self.runtime.now()) > timedelta():
                self.runtime.sleep(wait.total_seconds())
            yield job

    def _tried(self, job: Job) -> bool:
        """One job's fault is no other's."""
        try:
            return self._wake(job)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with it is in the log
            log.exception("job %s can't be swept", job.id)
            return False

    def _wake(self, job: Job) -> bool:
        """Whether this sweep rang for the job."""
        now = self.runtime.now()
        if job.status is Status.RUNNING:
            keep_for = self.registry.keep_for(job.type)
            woken = transitions.lose_lease(job, now, keep_for=keep_for)
        else:
            woken = transitions.dispatch(job, now)
        try:
            kept = self.store.save(woken, before=job)
        except VersionConflict:
            return False
        if job.status is Status.RUNNING:
            log_event("job.failed" if kept.is_terminal else "job.lost", kept)
        if kept.is_terminal:
            return False
        try_dispatch(self.queue, [kept])
        log_event("job.dispatched", kept, dispatches=kept.dispatches)
        return True


def _moment(job: Job) -> datetime:
    # Jobs without one are not due, so the store does not return them.
    return job.wake_at or job.run_at
