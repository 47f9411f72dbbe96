"""What a caller may do to a job that is there: cancel, retry, delete."""

from flask import Blueprint

from api.auth.callers import caller
from api.auth.lookup import changeable_job, shown
from api.dependencies import deps
from api.http.errors import MethodNotAllowed
from api.http.operation import Operation
from api.http.values import JobId
from api.jobs.resources import JobResource
from jobs.dispatch.dispatching import try_dispatch
from jobs.errors import JobNotFound, StoreUnavailable, TransitionRefused, VersionConflict
from jobs.job import transitions
from jobs.job.change import change
from jobs.job.model import Job, Status
from jobs.telemetry.log import log_event

routes = Blueprint("job_changes", __name__)
TAG = "Jobs"
PROBLEMS = (JobNotFound, TransitionRefused, VersionConflict, StoreUnavailable)


@routes.post("/v1/jobs/<job_id:job_id>:cancel")
@Operation(summary="Cancel a job", tag=TAG, answer=JobResource, problems=PROBLEMS)
def cancel_job(job_id: JobId) -> JobResource:
    """A queued job never starts; a running attempt loses it, and its result is dropped.

    Cancelling a cancelled job changes nothing.
    """
    kept = cancel(changeable_job(job_id))
    return shown(kept)


@routes.post("/v1/jobs/<job_id:job_id>:retry")
@Operation(summary="Retry a job", tag=TAG, answer=JobResource, problems=PROBLEMS)
def retry_job(job_id: JobId) -> JobResource:
    """A failed or cancelled job is queued again, with all its attempts anew."""
    kept = queue_again(changeable_job(job_id))
    try_dispatch(deps().queue, [kept])
    return shown(kept)


@routes.delete("/v1/jobs/<job_id:job_id>")
@Operation(summary="Delete a job", tag=TAG, status=204, problems=(*PROBLEMS, MethodNotAllowed))
def delete_job(job_id: JobId) -> None:
    """Only a terminal job can be deleted; cancel it first if need be."""
    job = changeable_job(job_id)
    if not job.is_terminal:
        raise TransitionRefused(f"The job is {job.status}; only a terminal job can be deleted.")
    deps().store.delete(job.id, job.version)
    log_event("job.deleted", job, by=caller().member)


def cancel(job: Job) -> Job:
    """Save the job as cancelled; one that is cancelled already stays as it is."""
    keep_for = deps().registry.keep_for(job.type)

    def cancelled(job: Job) -> Job:
        if job.status is Status.CANCELLED:
            return job
        return transitions.cancel(job, deps().runtime.now(), keep_for=keep_for)

    kept = change(deps().store, job, cancelled)
    if kept is not job:
        log_event("job.cancelled", kept, by=caller().member)
    return kept


def queue_again(job: Job) -> Job:
    """Save the job as queued anew. It is not dispatched yet."""
    kept = change(deps().store, job, lambda job: transitions.retry(job, deps().runtime.now()))
    log_event("job.retried", kept, by=caller().member)
    return kept
