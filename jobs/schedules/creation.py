"""The one way in which schedules are born."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.errors import IdempotencyKeyReused, VersionConflict
from jobs.job_types import Registry
from jobs.payloads.secret_bindings import SecretBindings
from jobs.schedules.draft import Draft, schedule_for
from jobs.schedules.errors import ScheduleExists
from jobs.schedules.model import Schedule
from jobs.schedules.store import ScheduleStore


@dataclass(frozen=True)
class Created:
    """A kept schedule, and whether it is a replay: the one that the same key made before."""

    schedule: Schedule
    replayed: bool


@dataclass(frozen=True, kw_only=True)
class Creator:
    """Makes schedules of drafts."""

    store: ScheduleStore
    registry: Registry
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    secrets: SecretBindings

    def create(self, draft: Draft) -> Created:
        """Keep the schedule; with a key, a repetition finds the first one.

        Raises `InvalidRequest`, `UnknownJobType`, `PayloadTooLarge`, `IdempotencyKeyReused`,
        `TooManySchedules`, `VersionConflict`, `StoreUnavailable`.
        """
        schedule = schedule_for(draft, self.registry, self.now(), self.new_id, self.secrets)
        if draft.idempotency_key and (first := self._first_of(schedule)):
            return Created(first, replayed=True)
        try:
            return Created(self.store.create(schedule), replayed=False)
        except ScheduleExists:
            if first := self._first_of(schedule):
                return Created(first, replayed=True)
            raise VersionConflict(
                "The first schedule of this key was deleted just now. Try again."
            ) from None

    def _first_of(self, schedule: Schedule) -> Schedule | None:
        first = self.store.get(schedule.id)
        if first and first.fingerprint != schedule.fingerprint:
            raise IdempotencyKeyReused
        return first
