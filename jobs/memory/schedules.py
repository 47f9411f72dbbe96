"""Schedules in memory: for tests and for the embedded mode. Nothing outlives the process."""

import threading
from collections.abc import Sequence
from datetime import datetime

from jobs.job.model import Job
from jobs.job.store import Cursor, JobStore
from jobs.memory.versioned import Versioned, newest_first
from jobs.schedules.errors import ScheduleExists, too_many
from jobs.schedules.model import MAX_PER_OWNER, Schedule


class MemoryScheduleStore:
    """Keeps the promises of `ScheduleStore` for the threads of one process."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs
        self._schedules: Versioned[Schedule] = Versioned()
        self._lock = threading.Lock()

    def create(self, schedule: Schedule, most: int = MAX_PER_OWNER) -> Schedule:
        with self._lock:
            if schedule.id in self._schedules:
                raise ScheduleExists
            if sum(one.owner == schedule.owner for one in self._schedules.all()) >= most:
                raise too_many(most)
            return self._schedules.keep(schedule)

    def get(self, schedule_id: str, /) -> Schedule | None:
        with self._lock:
            return self._schedules.get(schedule_id)

    def save(self, schedule: Schedule, /, before: Schedule) -> Schedule:
        return self.fire(schedule, before, [])[0]

    def fire(
        self, schedule: Schedule, before: Schedule, jobs: Sequence[Job]
    ) -> tuple[Schedule, list[Job]]:
        with self._lock:
            self._schedules.expect(schedule.id, before.version)
            # All or none, and the last that can be refused.
            made = self._jobs.create_all(jobs)
            return self._schedules.keep(schedule), made

    def delete(self, schedule: Schedule) -> None:
        with self._lock:
            self._schedules.delete(schedule.id, schedule.version)

    def list_schedules(
        self, owner: str | None, job_type: str | None, limit: int, after: Cursor | None = None
    ) -> list[Schedule]:
        found = [
            schedule
            for schedule in self._all()
            if (owner is None or schedule.owner == owner)
            and (job_type is None or schedule.type == job_type)
        ]
        return newest_first(found, limit, after)

    def due(self, before: datetime, limit: int) -> list[Schedule]:
        firing = [
            (schedule.fire_at, schedule.id, schedule)
            for schedule in self._all()
            if schedule.fire_at and schedule.fire_at < before
        ]
        return [schedule for _, _, schedule in sorted(firing, key=lambda one: one[:2])[:limit]]

    def _all(self) -> list[Schedule]:
        with self._lock:
            return self._schedules.all()
