"""The jobs that schedules make."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import msgspec

from jobs.errors import InvalidRequest
from jobs.job.order import Order
from jobs.job.spec import JobSpec
from jobs.schedules.model import Schedule, job_id_at

SCHEDULE: Final = "schedule"
SCHEDULED_FOR: Final = "scheduled-for"
"""Labels of every job that a schedule makes: its id, and the time that the job is for."""


def order_at(schedule: Schedule, at: datetime, trace: str) -> Order:
    """What the schedule asks for at this time, to be done at once."""
    labels = {SCHEDULE: schedule.id, SCHEDULED_FOR: _in_a_label(at)}
    order = order_of(schedule.owner, schedule.template, labels, trace=trace)
    return replace(order, id=job_id_at(schedule.id, at))


def order_of(
    owner: str,
    template: JobSpec,
    more_labels: Mapping[str, str],
    *,
    key: str | None = None,
    trace: str | None = None,
) -> Order:
    """A template as the order of a job that is its owner's. Raises `InvalidRequest`."""
    if taken := sorted({SCHEDULE, SCHEDULED_FOR} & template.labels.keys()):
        raise InvalidRequest(f"The label `{taken[0]}` is set by the schedule itself.")
    spec = msgspec.structs.replace(template, labels={**template.labels, **more_labels})
    return Order(spec=spec, owner=owner, idempotency_key=key, trace=trace)


def _in_a_label(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
