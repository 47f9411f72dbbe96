"""From what a caller sent to what `jobs.schedules` takes."""

from datetime import datetime
from typing import Any

from msgspec import UNSET, structs

from api.auth.callers import caller
from api.dependencies import deps
from api.jobs.orders import spec_of
from api.schedules.requests import ScheduleChange, ScheduleCreation
from jobs.schedules.draft import Draft, check_template, timing_of
from jobs.schedules.model import CatchUp, Cron, Overlap, Schedule, Timing
from jobs.schedules.transitions import edit

_TIMING = ("cron", "time_zone", "every_seconds", "start_at")


def draft_of(creation: ScheduleCreation, idempotency_key: str | None) -> Draft:
    """The caller's draft. Raises `InvalidRequest`, `UnknownJobType`."""
    return Draft(
        owner=caller().member,
        template=spec_of(creation.template),
        description=creation.description or "",
        cron=creation.cron,
        time_zone=creation.time_zone,
        every_seconds=creation.every_seconds,
        start_at=creation.start_at,
        catch_up=creation.catch_up or CatchUp.NONE,
        overlap=creation.overlap or Overlap.ALLOW,
        idempotency_key=idempotency_key,
    )


def changed(schedule: Schedule, change: ScheduleChange, now: datetime) -> Schedule:
    """The schedule with what the caller wants otherwise.

    Raises `InvalidRequest`, `UnknownJobType`, `PayloadTooLarge`.
    """
    given = {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
    changes: dict[str, Any] = {}
    if "description" in given:
        changes["description"] = given["description"] or ""
    if "catch_up" in given:
        changes["catch_up"] = given["catch_up"] or CatchUp.NONE
    if "overlap" in given:
        changes["overlap"] = given["overlap"] or Overlap.ALLOW
    if change.template is not UNSET:
        template = spec_of(change.template)
        check_template(schedule.owner, template, deps().registry, now, deps().settings.secrets)
        changes["template"] = template
    if timing := {name: given[name] for name in _TIMING if name in given}:
        changes["timing"] = _timing(schedule.timing, timing, now)
    return edit(schedule, now, **changes) if changes else schedule


def _timing(before: Timing, given: dict[str, Any], now: datetime) -> Timing:
    """Naming one kind of timing takes the place of the other; within a kind, what is named."""
    old: dict[str, Any] = dict.fromkeys(_TIMING)
    if isinstance(before, Cron):
        if given.get("every_seconds") is None:
            old |= {"cron": before.expression, "time_zone": before.time_zone}
    elif given.get("cron") is None:
        old |= {"every_seconds": before.seconds, "start_at": before.start}
    return timing_of(**{**old, **given}, now=now)
