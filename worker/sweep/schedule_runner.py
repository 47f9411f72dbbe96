"""Fires schedules: makes each one's job at its time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import Queue
from jobs.errors import DormouseError, JobExists, StoreUnavailable, VersionConflict
from jobs.job.model import Job
from jobs.job.order import job_for
from jobs.job.store import JobStore
from jobs.job_types import Registry
from jobs.payloads.secret_bindings import SecretBindings
from jobs.runtime import Runtime
from jobs.schedules import transitions
from jobs.schedules.jobs import order_at
from jobs.schedules.model import Fired, Overlap, Schedule, Skip
from jobs.schedules.store import ScheduleStore
from jobs.telemetry.log import log, log_event, log_fields
from jobs.telemetry.trace import traceparent_from

AT_THE_LATEST = timedelta(seconds=10)
"""Sweeps start at full minutes by another clock than this one, or some seconds later."""
LIMIT = 200
"""How many schedules one query reads at most; where there were as many, it asks again."""
AT_ONCE = 16


class Firings(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass did: times that made a job, and schedules with a time that made none."""

    fired: int
    skipped: int


@dataclass(frozen=True, kw_only=True)
class ScheduleRunner:
    """One pass over the schedules that are due before the next sweep.

    Safe to run twice at once. A schedule is advanced, under the version that was read, in the same
    commit that makes its jobs: of two passes one makes them, a pause or an edit that was kept
    before wins, and a crash leaves both to the next pass or neither. The jobs are dispatched
    afterwards; if that fails, the sweep dispatches.
    """

    schedules: ScheduleStore
    jobs: JobStore
    queue: Queue
    registry: Registry
    secrets: SecretBindings
    runtime: Runtime

    def run(self) -> Firings:
        """Fire each schedule at its moment. Returns as soon as nothing more is due."""
        horizon = horizon_of(self.runtime.now())
        fired = skipped = 0
        full = True
        while full and self.runtime.now() < horizon:
            due = self.schedules.due(horizon, LIMIT)
            full = len(due) == LIMIT
            at_their_moments = self._each_at_its_moment(due)
            for one in self.runtime.map(self._tried, at_their_moments, AT_ONCE):
                fired += one.fired
                skipped += one.skipped
        return Firings(fired=fired, skipped=skipped)

    def _each_at_its_moment(self, due: Iterable[Schedule]) -> Iterable[Schedule]:
        for schedule in due:
            while (
                schedule.fire_at and (wait := schedule.fire_at - self.runtime.now()) > timedelta()
            ):
                self.runtime.sleep(wait.total_seconds())
            yield schedule

    def _tried(self, schedule: Schedule) -> Firings:
        """One schedule's fault is no other's."""
        try:
            return self._fire(schedule)
        except StoreUnavailable:
            raise
        except Exception:  # noqa: BLE001 - whatever is wrong with it is in the log
            log.exception("schedule %s can't be fired", schedule.id)
            return Firings(fired=0, skipped=1)

    def _fire(self, schedule: Schedule) -> Firings:
        now = self.runtime.now()
        due = transitions.due(schedule, now)
        skip = _missed(due.missed) if due.missed else None
        jobs: list[Job] = []
        if due.times:
            jobs, refused = self._jobs_at(schedule, due.times, now)
            skip = refused or skip
        fired = [Fired(at=at, job_id=job.id) for at, job in zip(due.times, jobs, strict=False)]
        advanced = transitions.advance(schedule, now, fired=fired, skipped=skip)
        try:
            made = self._keep(advanced, schedule, jobs)
        except VersionConflict:
            # Another pass was quicker, or somebody has changed the schedule: it is seen again.
            return Firings(fired=0, skipped=0)
        for job in made:
            log_event("job.submitted", job, owner=job.owner, schedule=schedule.id)
        if made:
            try_dispatch(self.queue, made)
        if skip:
            log_fields("schedule.skipped", schedule=schedule.id, at=skip.at, code=skip.code)
        return Firings(fired=len(made), skipped=bool(skip))

    def _jobs_at(
        self, schedule: Schedule, times: Sequence[datetime], now: datetime
    ) -> tuple[list[Job], Skip | None]:
        """The jobs of these times, or why there are none."""
        if self._overlaps(schedule):
            text = "The job of the time before had not ended."
            return [], Skip(at=times[-1], code="overlap", detail=text)
        try:
            return [self._job_at(schedule, at, now) for at in times], None
        except StoreUnavailable:
            raise
        except DormouseError as error:
            # Another release knows other job types, payloads or secrets than when it was made.
            return [], Skip(at=times[-1], code=error.code, detail=str(error))

    def _overlaps(self, schedule: Schedule) -> bool:
        if schedule.overlap is Overlap.ALLOW or schedule.last_firing is None:
            return False
        job = self.jobs.get(schedule.last_firing.job_id)
        return job is not None and not job.is_terminal

    def _job_at(self, schedule: Schedule, at: datetime, now: datetime) -> Job:
        order = order_at(schedule, at, traceparent_from(None, self.runtime.random_bytes))
        return job_for(order, self.registry, now, str, self.secrets)

    def _keep(self, schedule: Schedule, before: Schedule, jobs: Sequence[Job]) -> list[Job]:
        """The jobs that were made."""
        try:
            return self.schedules.fire(schedule, before, jobs)[1]
        except JobExists:
            # It was deleted, and made again under the same key, by a clock that was behind.
            taken = self.jobs.get_all([job.id for job in jobs])
            fresh = [job for job in jobs if job.id not in taken]
            return self.schedules.fire(schedule, before, fresh)[1]


def horizon_of(now: datetime) -> datetime:
    """Until when a pass that starts now fires what comes due: to where the next sweep starts.

    That one fires the times at its full minute, which those of every cron expression are, so that
    no request is held for a minute to fire them a second earlier.
    """
    return (now + AT_THE_LATEST).replace(second=0, microsecond=0) + timedelta(minutes=1)


def _missed(at: datetime) -> Skip:
    return Skip(at=at, code="missed", detail="Nothing fired the schedule while this time was due.")
