"""Where schedules are kept: the port that `memory` and `firestore` implement."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from jobs.job.model import Job
from jobs.job.store import Cursor
from jobs.schedules.model import MAX_PER_OWNER, Schedule


class ScheduleStore(Protocol):
    """Durable, strongly consistent, and changed by compare-and-set only.

    Every method raises `StoreUnavailable` when the store can't be reached in time; whether a
    change was then kept is not known. A change that the adapter itself had to send twice counts
    as made once.
    """

    def create(self, schedule: Schedule, most: int = MAX_PER_OWNER) -> Schedule:
        """Keep a new schedule and return it with its version.

        Its owner never has more than `most`, however many are made at once. Raises
        `TooManySchedules`, `ScheduleExists`, and `VersionConflict` if others of the owner's were
        made at the same time.
        """
        ...

    def get(self, schedule_id: str, /) -> Schedule | None: ...

    def save(self, schedule: Schedule, /, before: Schedule) -> Schedule:
        """Keep `schedule` if the document still is in the version of `before`.

        Raises `VersionConflict`, also when the document is gone.
        """
        ...

    def fire(
        self, schedule: Schedule, before: Schedule, jobs: Sequence[Job]
    ) -> tuple[Schedule, list[Job]]:
        """As `save`, and keep these new jobs in the same commit: all of it is kept, or nothing.

        Raises `VersionConflict`, and `JobExists` if the id of one of the jobs is taken.
        """
        ...

    def delete(self, schedule: Schedule) -> None:
        """Remove this version of the schedule. Raises `VersionConflict`."""
        ...

    def list_schedules(
        self, owner: str | None, job_type: str | None, limit: int, after: Cursor | None = None
    ) -> list[Schedule]:
        """At most `limit` schedules, newest first, ties by id downwards. None is not asked for."""
        ...

    def due(self, before: datetime, limit: int) -> list[Schedule]:
        """At most `limit` schedules with `fire_at < before`, the longest due first."""
        ...
