"""/v1/schedules: create, get, list, delete."""

from flask import Blueprint, request
from msgspec import UNSET

from api.auth import admission
from api.auth.callers import caller
from api.auth.lookup import existing
from api.dependencies import deps
from api.http import idempotency
from api.http.errors import MethodNotAllowed
from api.http.operation import Answer, Operation
from api.http.paging import cursor_of, next_page_token
from api.http.values import IdempotencyKey, ScheduleId
from api.schedules.orders import draft_of
from api.schedules.requests import ScheduleCreation, SchedulesQuery
from api.schedules.resources import ScheduleList, ScheduleResource, path_of
from jobs.errors import (
    IdempotencyKeyReused,
    InvalidPageToken,
    PayloadTooLarge,
    StoreUnavailable,
    UnknownJobType,
    VersionConflict,
)
from jobs.schedules.errors import ScheduleNotFound, TooManySchedules
from jobs.schedules.model import Schedule
from jobs.telemetry.log import log_fields

routes = Blueprint("schedules", __name__)
TAG = "Schedules"


@routes.post("/v1/schedules")
@Operation(
    summary="Create a schedule",
    tag=TAG,
    body=ScheduleCreation,
    admits=admission.submitters,
    request_headers={idempotency.HEADER: IdempotencyKey},
    answer=ScheduleResource,
    status=201,
    answer_headers={
        "Location": "The schedule.",
        **idempotency.documented("schedule"),
    },
    problems=(
        UnknownJobType,
        PayloadTooLarge,
        IdempotencyKeyReused,
        TooManySchedules,
        VersionConflict,
        StoreUnavailable,
    ),
)
def create_schedule(body: ScheduleCreation) -> Answer:
    """Makes a job of the template at each of its times, for you, until it is paused or deleted.

    You must be allowed to submit such a job, and may have 100 schedules. An `Idempotency-Key` is as
    at the submission of a job.
    """
    caller().check_submit(body.template.type)
    draft = draft_of(body, idempotency.key_of(request.headers.get(idempotency.HEADER)))
    created = deps().creator.create(draft)
    schedule = created.schedule
    if not created.replayed:
        log_fields("schedule.created", schedule=schedule.id, owner=schedule.owner)
    headers = {"Location": path_of(schedule), **idempotency.mark(replayed=created.replayed)}
    return Answer(body=shown(schedule), headers=headers)


@routes.get("/v1/schedules/<job_id:schedule_id>")
@Operation(
    summary="Get a schedule",
    tag=TAG,
    answer=ScheduleResource,
    problems=(ScheduleNotFound, MethodNotAllowed, StoreUnavailable),
)
def get_schedule(schedule_id: ScheduleId) -> ScheduleResource:
    """With its next five times, the last that made a job, and the last that made none."""
    return shown(readable_schedule(schedule_id))


@routes.get("/v1/schedules")
@Operation(
    summary="List schedules",
    tag=TAG,
    query=SchedulesQuery,
    answer=ScheduleList,
    problems=(InvalidPageToken, StoreUnavailable),
)
def list_schedules(query: SchedulesQuery) -> ScheduleList:
    """Newest first: your own, or with the role viewer or operator those of everybody.

    Who has that role for some job types only must filter by one of these.
    """
    job_type = None if query.type is UNSET else query.type
    owner = caller().owner_to_list(job_type)
    where = ("schedules", owner, job_type)
    after = cursor_of(query.page_token, where)
    found = deps().schedules.list_schedules(owner, job_type, query.page_size, after)
    return ScheduleList(
        schedules=[shown(schedule) for schedule in found],
        next_page_token=next_page_token(found, query.page_size, where),
    )


@routes.delete("/v1/schedules/<job_id:schedule_id>")
@Operation(
    summary="Delete a schedule",
    tag=TAG,
    status=204,
    problems=(ScheduleNotFound, MethodNotAllowed, VersionConflict, StoreUnavailable),
)
def delete_schedule(schedule_id: ScheduleId) -> None:
    """It makes no more jobs. Those that it has made stay as they are."""
    schedule = changeable_schedule(schedule_id)
    deps().schedules.delete(schedule)
    log_fields("schedule.deleted", schedule=schedule.id, by=caller().member)


def shown(schedule: Schedule) -> ScheduleResource:
    return ScheduleResource.of(schedule, deps().runtime.now())


def readable_schedule(schedule_id: str) -> Schedule:
    """Raises `ScheduleNotFound`, as well for what is no id and for the schedules of others."""
    schedule = existing(schedule_id, deps().schedules.get, ScheduleNotFound)
    caller().check_read(schedule, ScheduleNotFound)
    return schedule


def changeable_schedule(schedule_id: str) -> Schedule:
    """Raises `ScheduleNotFound`, and `PermissionDenied` to those who may only read it."""
    schedule = readable_schedule(schedule_id)
    caller().check_change(schedule, ScheduleNotFound)
    return schedule
