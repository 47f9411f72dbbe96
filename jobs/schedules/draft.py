"""What a caller asks for, and the schedule that it becomes. Checks; keeps nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jobs.errors import InvalidRequest
from jobs.job.order import derived_id, job_for
from jobs.job.spec import JobSpec
from jobs.job_types import Registry
from jobs.payloads.secret_bindings import SecretBindings
from jobs.schedules.jobs import order_of
from jobs.schedules.model import CatchUp, Cron, Every, Overlap, Schedule, Timing
from jobs.schedules.timetable import checked, next_time


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What a caller asks for, already of the right shape: `cron` or `every_seconds`.

    Without a `time_zone` it is UTC, without `start_at` it is when the draft arrives.
    """

    owner: str
    template: JobSpec
    description: str = ""
    cron: str | None = None
    time_zone: str | None = None
    every_seconds: int | None = None
    start_at: datetime | None = None
    catch_up: CatchUp = CatchUp.NONE
    overlap: Overlap = Overlap.ALLOW
    idempotency_key: str | None = None


def schedule_for(
    draft: Draft,
    registry: Registry,
    now: datetime,
    new_id: Callable[[], str],
    secrets: SecretBindings,
) -> Schedule:
    """The schedule that the draft asks for, not kept yet.

    Raises `InvalidRequest`, `UnknownJobType`, `PayloadTooLarge`.
    """
    check_template(draft.owner, draft.template, registry, now, secrets)
    timing = timing_of(draft.cron, draft.time_zone, draft.every_seconds, draft.start_at, now)
    key = draft.idempotency_key
    return Schedule(
        id=derived_id(draft.owner, key) if key else new_id(),
        owner=draft.owner,
        description=draft.description,
        template=draft.template,
        timing=timing,
        catch_up=draft.catch_up,
        overlap=draft.overlap,
        created_at=now,
        updated_at=now,
        fire_at=next_time(timing, now),
        fingerprint=_fingerprint(draft) if key else None,
    )


def timing_of(
    cron: str | None,
    time_zone: str | None,
    every_seconds: int | None,
    start_at: datetime | None,
    now: datetime,
) -> Timing:
    """The timing that these ask for together. Raises `InvalidRequest`."""
    if cron is not None and every_seconds is None:
        if start_at is not None:
            raise InvalidRequest("`$.start_at` goes with `every_seconds`, not with `cron`.")
        return checked(Cron(expression=cron, time_zone=time_zone or "UTC"), now)
    if every_seconds is not None and cron is None:
        if time_zone is not None:
            raise InvalidRequest("`$.time_zone` goes with `cron`, not with `every_seconds`.")
        return checked(Every(seconds=every_seconds, start=start_at or now), now)
    raise InvalidRequest("Give `cron` or `every_seconds`, and not both.")


def check_template(
    owner: str, template: JobSpec, registry: Registry, now: datetime, secrets: SecretBindings
) -> None:
    """Raises what the submission of such a job would raise."""
    job_for(order_of(owner, template, {}), registry, now, str, secrets)


def _fingerprint(draft: Draft) -> str:
    """Equal for equal requests, however their JSON is written."""
    request = draft.template.canonical() | {
        "description": draft.description,
        "cron": draft.cron,
        "time_zone": draft.time_zone,
        "every_seconds": draft.every_seconds,
        "start_at": draft.start_at.timestamp() if draft.start_at else None,
        "catch_up": draft.catch_up,
        "overlap": draft.overlap,
    }
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()
