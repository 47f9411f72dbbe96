"""What a caller may do to a schedule that is there: change, pause, resume, run now."""

from collections.abc import Callable

from flask import Blueprint, g, request
from msgspec import UNSET

from api.auth import admission
from api.auth.callers import caller
from api.auth.lookup import shown as shown_job
from api.dependencies import deps
from api.http import idempotency
from api.http.errors import MethodNotAllowed
from api.http.operation import Answer, Operation
from api.http.values import IdempotencyKey, ScheduleId, Traceparent
from api.jobs.resources import JobResource
from api.jobs.resources import path_of as path_of_job
from api.limits import submissions as limits
from api.schedules.orders import changed
from api.schedules.requests import ScheduleChange
from api.schedules.resources import ScheduleResource
from api.schedules.routes import TAG, changeable_schedule, shown
from jobs.errors import (
    IdempotencyKeyReused,
    PayloadTooLarge,
    StoreUnavailable,
    UnknownJobType,
    VersionConflict,
)
from jobs.job.change import change
from jobs.schedules import transitions
from jobs.schedules.errors import ScheduleNotFound
from jobs.schedules.jobs import SCHEDULE, order_of
from jobs.schedules.model import Schedule
from jobs.telemetry.log import log_fields

routes = Blueprint("schedule_changes", __name__)
PROBLEMS = (ScheduleNotFound, VersionConflict, StoreUnavailable)


@routes.patch("/v1/schedules/<job_id:schedule_id>")
@Operation(
    summary="Change a schedule",
    tag=TAG,
    body=ScheduleChange,
    admits=admission.changers,
    answer=ScheduleResource,
    problems=(UnknownJobType, PayloadTooLarge, MethodNotAllowed, *PROBLEMS),
)
def update_schedule(schedule_id: ScheduleId, body: ScheduleChange) -> ScheduleResource:
    """Changes what the body names, each as a whole; null stands for the default.

    There is no `update_mask`: the body says what is meant (AIP-134). `cron` takes the place of
    `every_seconds`, and the other way round. With another timing the next time counts from now.
    """
    schedule = changeable_schedule(schedule_id)
    if body.template is not UNSET:
        caller().check_submit(body.template.type)
    return _change(
        schedule, "schedule.changed", lambda one: changed(one, body, deps().runtime.now())
    )


@routes.post("/v1/schedules/<job_id:schedule_id>:pause")
@Operation(summary="Pause a schedule", tag=TAG, answer=ScheduleResource, problems=PROBLEMS)
def pause_schedule(schedule_id: ScheduleId) -> ScheduleResource:
    """It makes no more jobs until it is resumed. Pausing a paused schedule changes nothing."""
    return _change(
        changeable_schedule(schedule_id),
        "schedule.paused",
        lambda schedule: transitions.pause(schedule, deps().runtime.now()),
    )


@routes.post("/v1/schedules/<job_id:schedule_id>:resume")
@Operation(summary="Resume a schedule", tag=TAG, answer=ScheduleResource, problems=PROBLEMS)
def resume_schedule(schedule_id: ScheduleId) -> ScheduleResource:
    """It goes on with its next time. Times that fell into the pause are not made up for."""
    return _change(
        changeable_schedule(schedule_id),
        "schedule.resumed",
        lambda schedule: transitions.resume(schedule, deps().runtime.now()),
    )


@routes.post("/v1/schedules/<job_id:schedule_id>:run")
@Operation(
    summary="Run a schedule now",
    tag=TAG,
    request_headers={idempotency.HEADER: IdempotencyKey, "traceparent": Traceparent},
    answer=JobResource,
    status=202,
    answer_headers={
        "Location": "Where to look for the result.",
        **idempotency.documented("job"),
        **limits.HEADERS,
    },
    problems=(
        ScheduleNotFound,
        UnknownJobType,
        PayloadTooLarge,
        IdempotencyKeyReused,
        VersionConflict,
        *limits.PROBLEMS,
        StoreUnavailable,
    ),
)
def run_schedule(schedule_id: ScheduleId) -> Answer:
    """Makes a job of the template at once, also while the schedule is paused.

    Its times stay as they are, and it is not looked at for `overlap`. The job is the schedule's
    owner's.
    """
    schedule = changeable_schedule(schedule_id)
    key = idempotency.key_of(request.headers.get(idempotency.HEADER))
    order = order_of(
        schedule.owner,
        schedule.template,
        {SCHEDULE: schedule.id},
        # Neither one of the owner's keys nor one for another schedule.
        key=key and f"run\0{schedule.id}\0{caller().member}\0{key}",
        trace=g.traceparent,
    )
    limit_headers = limits.count_submissions(1)
    submitted = deps().submitter.submit(order)
    mark = idempotency.mark(replayed=submitted.replayed)
    headers = {"Location": path_of_job(submitted.job), **limit_headers, **mark}
    return Answer(body=shown_job(submitted.job), headers=headers)


def _change(
    schedule: Schedule, event: str, transition: Callable[[Schedule], Schedule]
) -> ScheduleResource:
    kept = change(deps().schedules, schedule, transition, ScheduleNotFound)
    if kept is not schedule:
        log_fields(event, schedule=kept.id, by=caller().member)
    return shown(kept)
