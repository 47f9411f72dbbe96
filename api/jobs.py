"""/v1/jobs: submit, get, list, cancel, retry, delete."""

from datetime import timedelta

from flask import Blueprint, g, request

from api.callers import caller
from api.dependencies import deps
from api.idempotency import HEADER, idempotency_key
from api.operation import Answer, operation
from api.paging import cursor_of, next_page_token
from api.requests import GetQuery, ListQuery, Submission
from api.resources import JobList, JobResource, path_of
from api.waiting import wait_until_terminal
from jobs import transitions
from jobs.change import change
from jobs.errors import (
    IdempotencyKeyReused,
    InvalidPageToken,
    JobNotFound,
    PayloadTooLarge,
    TransitionRefused,
    UnknownJobType,
)
from jobs.log import log_event
from jobs.model import Job, Status
from jobs.store import Filter
from jobs.submit import Order, ring_softly

routes = Blueprint("jobs", __name__)
TAG = "Jobs"


@routes.post("/v1/jobs")
@operation(
    "Submit a job",
    tag=TAG,
    body=Submission,
    answer=JobResource,
    status=202,
    problems=(UnknownJobType, PayloadTooLarge, IdempotencyKeyReused),
    takes_key=True,
)
def submit_job(body: Submission) -> Answer:
    """Keeps the job and answers at once; the worker does it afterwards, at least once.

    `Location` is where to look for the result. With an `Idempotency-Key`, a repeated request gets
    the first job back, marked by `Idempotency-Replayed: true`.
    """
    caller().check_submit()
    run_at = body.run_at
    if body.delay_seconds is not None:
        run_at = deps().now() + timedelta(seconds=body.delay_seconds)
    order = Order(
        type=body.type,
        payload=body.payload,
        owner=caller().member,
        labels=body.labels,
        run_at=run_at,
        max_attempts=body.max_attempts,
        idempotency_key=idempotency_key(request.headers.get(HEADER)),
        trace=g.traceparent,
    )
    job, replayed = deps().submitter.submit(order)
    headers = {"Location": path_of(job)}
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return Answer(body=JobResource.of(job), headers=headers)


@routes.get("/v1/jobs/<job_id>")
@operation("Get a job", tag=TAG, query=GetQuery, answer=JobResource, problems=(JobNotFound,))
def get_job(job_id: str, query: GetQuery) -> JobResource:
    """The job as it is now, or, with `wait`, as soon as it is terminal."""
    job = _find(job_id)
    caller().check_read(job)
    if query.wait:
        job = wait_until_terminal(deps().store, job, query.wait)
    return JobResource.of(job)


@routes.get("/v1/jobs")
@operation("List jobs", tag=TAG, query=ListQuery, answer=JobList, problems=(InvalidPageToken,))
def list_jobs(query: ListQuery) -> JobList:
    """Newest first: your own jobs, or with the role viewer or operator those of everybody."""
    where = Filter(
        owner=None if caller().reads_all else caller().member,
        status=query.status,
        type=query.type,
        label=next(iter(query.label.items()), None),
    )
    after = cursor_of(query.page_token, where)
    jobs = deps().store.list_jobs(where, query.page_size, after)
    return JobList(
        jobs=[JobResource.of(job) for job in jobs],
        next_page_token=next_page_token(jobs, query.page_size, where),
    )


@routes.post("/v1/jobs/<job_id>:cancel")
@operation("Cancel a job", tag=TAG, answer=JobResource, problems=(JobNotFound, TransitionRefused))
def cancel_job(job_id: str) -> JobResource:
    """A queued job never starts; a running attempt loses it, and its result is dropped.

    Cancelling a cancelled job changes nothing.
    """
    job = _find(job_id)
    caller().check_change(job)
    keep_for = deps().registry.keep_for(job.type)

    def cancelled(job: Job) -> Job:
        if job.status is Status.CANCELLED:
            return job
        return transitions.cancel(job, deps().now(), keep_for=keep_for)

    kept = change(deps().store, job, cancelled)
    log_event("job.cancelled", kept, by=caller().member)
    return JobResource.of(kept)


@routes.post("/v1/jobs/<job_id>:retry")
@operation("Retry a job", tag=TAG, answer=JobResource, problems=(JobNotFound, TransitionRefused))
def retry_job(job_id: str) -> JobResource:
    """A failed or cancelled job is queued again, with all its attempts anew."""
    job = _find(job_id)
    caller().check_change(job)
    kept = change(deps().store, job, lambda job: transitions.retry(job, deps().now()))
    log_event("job.retried", kept, by=caller().member)
    ring_softly(deps().queue, [kept])
    return JobResource.of(kept)


@routes.delete("/v1/jobs/<job_id>")
@operation("Delete a job", tag=TAG, status=204, problems=(JobNotFound, TransitionRefused))
def delete_job(job_id: str) -> None:
    """Only a terminal job can be deleted; cancel it first if need be."""
    job = _find(job_id)
    caller().check_change(job)
    if not job.is_terminal:
        raise TransitionRefused(f"The job is {job.status}; only a terminal job can be deleted.")
    deps().store.delete(job.id, job.version)
    log_event("job.deleted", job, by=caller().member)


def _find(job_id: str) -> Job:
    job = deps().store.get(job_id)
    if job is None:
        raise JobNotFound
    return job
