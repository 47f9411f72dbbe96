"""/v1/jobs: submit, get, list."""

from flask import Blueprint, request
from msgspec import UNSET

from api.auth import admission
from api.auth.callers import caller
from api.auth.lookup import readable_job, shown
from api.dependencies import deps
from api.http import idempotency
from api.http.errors import MethodNotAllowed
from api.http.operation import Answer, Operation
from api.http.paging import cursor_of, next_page_token
from api.http.values import IdempotencyKey, JobId, Traceparent
from api.jobs.orders import order_of
from api.jobs.requests import GetQuery, ListQuery, Submission, View
from api.jobs.resources import JobList, JobResource, path_of
from api.limits import submissions as limits
from api.watching.waiting import wait_until_terminal
from jobs.errors import (
    IdempotencyKeyReused,
    InvalidPageToken,
    JobNotFound,
    PayloadTooLarge,
    StoreUnavailable,
    UnknownJobType,
    VersionConflict,
)
from jobs.job.store import Filter, fills_a_page

routes = Blueprint("jobs", __name__)
TAG = "Jobs"
ASK_AGAIN_SECONDS = 1


@routes.post("/v1/jobs")
@Operation(
    summary="Submit a job",
    tag=TAG,
    body=Submission,
    admits=admission.submitters,
    request_headers={idempotency.HEADER: IdempotencyKey, "traceparent": Traceparent},
    answer=JobResource,
    status=202,
    answer_headers={
        "Location": "Where to look for the result.",
        **idempotency.documented("job"),
        **limits.HEADERS,
    },
    problems=(
        UnknownJobType,
        PayloadTooLarge,
        IdempotencyKeyReused,
        VersionConflict,
        *limits.PROBLEMS,
        StoreUnavailable,
    ),
)
def submit_job(body: Submission) -> Answer:
    """Keeps the job and answers at once; the worker does it afterwards, at least once.

    `Location` is where to look for the result. With an `Idempotency-Key`, a repeated request gets
    the first job back as it is now, marked by `Idempotency-Replayed: true`; another request under
    the same key is refused. A key lasts as long as its job is kept.
    """
    caller().check_submit(body.type)
    order = order_of(body, idempotency.key_of(request.headers.get(idempotency.HEADER)))
    limit_headers = limits.count_submissions(1)
    submitted = deps().submitter.submit(order)
    mark = idempotency.mark(replayed=submitted.replayed)
    headers = {"Location": path_of(submitted.job), **limit_headers, **mark}
    return Answer(body=shown(submitted.job), headers=headers)


@routes.get("/v1/jobs/<job_id:job_id>")
@Operation(
    summary="Get a job",
    tag=TAG,
    query=GetQuery,
    answer=JobResource,
    answer_headers={"Retry-After": "When to ask again, where there was no place to wait in."},
    problems=(JobNotFound, MethodNotAllowed, StoreUnavailable),
)
def get_job(job_id: JobId, query: GetQuery) -> Answer:
    """The job as it is now, or, with `wait`, as soon as it is terminal.

    An instance lets so many wait, and half of them at most be yours. Beyond it you get the job as
    it is at once, and `Retry-After` says when to ask again.
    """
    if not query.wait:
        return Answer(body=shown(readable_job(job_id)))
    with deps().job_watches.watching(job_id) as watch, deps().seats.seat(caller().member) as seated:
        job = readable_job(job_id, lambda _: watch.look())
        if seated:
            return Answer(body=shown(wait_until_terminal(watch, job, query.wait)))
    headers = {} if job.is_terminal else {"Retry-After": str(ASK_AGAIN_SECONDS)}
    return Answer(body=shown(job), headers=headers)


@routes.get("/v1/jobs")
@Operation(
    summary="List jobs",
    tag=TAG,
    query=ListQuery,
    answer=JobList,
    problems=(InvalidPageToken, StoreUnavailable),
)
def list_jobs(query: ListQuery) -> JobList:
    """Newest first: your own jobs, or with the role viewer or operator those of everybody.

    Who has that role for some job types only must filter by one of these. A page of large jobs
    ends early: only an empty `next_page_token` marks the last one.
    """
    job_type = None if query.type is UNSET else query.type
    where = Filter(
        owner=caller().owner_to_list(job_type),
        status=None if query.status is UNSET else query.status,
        type=job_type,
        label=next(iter(query.label.items()), None),
    )
    after = cursor_of(query.page_token, where)
    store = deps().store
    if query.view == View.FULL:
        jobs, show = store.list_jobs(where, query.page_size, after), JobResource.without_log
    else:
        jobs, show = store.list_summaries(where, query.page_size, after), JobResource.summary
    return JobList(
        jobs=[show(shown(job)) for job in jobs],
        next_page_token=next_page_token(jobs, query.page_size, where, is_cut=fills_a_page(jobs)),
    )
