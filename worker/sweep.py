"""Rings whatever nobody else will ring: delays, retries, lost tickets, dead workers."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from jobs import transitions
from jobs.errors import VersionConflict
from jobs.log import log_event
from jobs.model import SHARDS, Job, Status
from jobs.queue import Queue
from jobs.registry import Registry
from jobs.store import JobStore
from jobs.submit import ring_softly

AHEAD = timedelta(seconds=60)
"""How far a sweep looks ahead: until the next one."""
LIMIT = 500
"""How many jobs of a shard one query reads at most."""
AT_ONCE = 16


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """What one sweep did. `full` says that a shard had more than one query reads."""

    due: int
    rung: int
    full: bool


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One pass over what is due within the coming minute.

    Safe to run twice at once: every ring is saved before it is published, under the version that
    was read, so only one of two sweeps rings. A sweep that dies half-way is made good by the next.
    """

    store: JobStore
    queue: Queue
    registry: Registry
    now: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> Swept:
        """Ring each due job at its moment. Returns once nothing more is due in this minute."""
        horizon = self.now() + AHEAD
        with ThreadPoolExecutor(AT_ONCE) as pool:
            by_shard = pool.map(lambda shard: self.store.due(shard, horizon, LIMIT), range(SHARDS))
            shards = list(by_shard)
            due = sorted((job for jobs in shards for job in jobs), key=_moment)
            rung = sum(pool.map(self._wake, self._each_at_its_moment(due)))
        return Swept(due=len(due), rung=rung, full=any(len(jobs) == LIMIT for jobs in shards))

    def _each_at_its_moment(self, due: Iterable[Job]) -> Iterable[Job]:
        for job in due:
            while (wait := _moment(job) - self.now()) > timedelta():
                self.sleep(wait.total_seconds())
            yield job

    def _wake(self, job: Job) -> bool:
        """Whether this sweep rang for the job."""
        now = self.now()
        if job.status is Status.RUNNING:
            keep_for = self.registry.keep_for(job.type)
            woken = transitions.lose_lease(job, now, keep_for=keep_for)
        else:
            woken = transitions.ring(job, now)
        try:
            kept = self.store.save(woken, before=job)
        except VersionConflict:
            return False
        if job.status is Status.RUNNING:
            log_event("job.failed" if kept.is_terminal else "job.lost", kept)
        if kept.is_terminal:
            return False
        ring_softly(self.queue, [kept])
        log_event("job.rung", kept, rings=kept.rings)
        return True


def _moment(job: Job) -> datetime:
    # Jobs without one are not due, so the store does not return them.
    return job.wake_at or job.run_at
