"""Every way in which a schedule may change, as pure functions of (schedule, now, ...).

Nothing is kept until the store has saved it under the version of the schedule that was passed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jobs.job.spec import JobSpec
from jobs.schedules.model import (
    MAX_CATCH_UP,
    MAX_CATCH_UP_BYTES,
    CatchUp,
    Fired,
    Overlap,
    Schedule,
    Skip,
    Timing,
)
from jobs.schedules.timetable import newest_times, next_time

GRACE = timedelta(minutes=2)
"""A time is missed if it is later than this: a sweep that comes a minute late is no outage."""


@dataclass(frozen=True)
class Due:
    """The times of a schedule that are due: those to make jobs for, and the last of the others."""

    times: tuple[datetime, ...]
    missed: datetime | None


def due(schedule: Schedule, now: datetime) -> Due:
    """What is to be done about the times from `fire_at` until now.

    Within `GRACE` each of them fires. `catch_up` decides on the older: none, or the last if nothing
    newer fires, or all up to `MAX_CATCH_UP` and `MAX_CATCH_UP_BYTES`. Where jobs may not overlap,
    only the newest fires.
    """
    if schedule.fire_at is None or schedule.fire_at > now:
        return Due((), None)
    most = min(MAX_CATCH_UP, MAX_CATCH_UP_BYTES // len(bytes(schedule.template.payload)))
    times = newest_times(schedule.timing, schedule.fire_at, now, most)
    if not times:
        # Another release of the time zones' rules: what was to be a time of it is none any more.
        return Due((), schedule.fire_at)
    fresh = [time for time in times if now - time <= GRACE]
    chosen = {
        CatchUp.NONE: fresh,
        CatchUp.LAST: fresh or times[-1:],
        CatchUp.ALL: times,
    }[schedule.catch_up]
    if schedule.overlap is Overlap.SKIP:
        chosen = chosen[-1:]
    left = [time for time in times if time not in chosen]
    if not left and schedule.fire_at < times[0]:
        left = [schedule.fire_at]
    return Due(tuple(chosen), left[-1] if left else None)


def advance(
    schedule: Schedule,
    now: datetime,
    *,
    fired: Sequence[Fired] = (),
    skipped: Skip | None = None,
) -> Schedule:
    """All times until now are dealt with, by jobs or without; the next is later than now."""
    return schedule.evolve(
        fire_at=next_time(schedule.timing, now),
        last_firing=fired[-1] if fired else schedule.last_firing,
        last_skip=skipped or schedule.last_skip,
    )


def pause(schedule: Schedule, now: datetime) -> Schedule:
    """Fires no more until it is resumed. One that is paused already stays as it is."""
    if schedule.paused_at is not None:
        return schedule
    return schedule.evolve(paused_at=now, updated_at=now, fire_at=None)


def resume(schedule: Schedule, now: datetime) -> Schedule:
    """Fires again from now on; what fell into the pause is not made up for."""
    if schedule.paused_at is None:
        return schedule
    active = schedule.evolve(paused_at=None, updated_at=now)
    return active.evolve(fire_at=_first(active, now))


def edit(
    schedule: Schedule,
    now: datetime,
    *,
    timing: Timing | None = None,
    template: JobSpec | None = None,
    **others: Any,
) -> Schedule:
    """With another timing it counts from now; else its next time stays."""
    edited = schedule.evolve(template=template or schedule.template, updated_at=now, **others)
    if timing is None or timing == schedule.timing:
        return edited
    edited = edited.evolve(timing=timing)
    return edited if edited.paused_at else edited.evolve(fire_at=_first(edited, now))


def _first(schedule: Schedule, now: datetime) -> datetime | None:
    """Clocks differ: what this schedule fired for already is not its next time."""
    last = schedule.last_firing.at if schedule.last_firing else now
    return next_time(schedule.timing, max(now, last))
