"""/v1/jobs:batchCreate, :batchCancel, :batchRetry."""

from collections.abc import Callable, Sequence

from flask import Blueprint

from api.auth import admission
from api.auth.callers import caller
from api.auth.lookup import shown
from api.dependencies import deps
from api.http.errors import RateLimited
from api.http.operation import Answer, Operation
from api.http.paging import cursor_of, next_page_token
from api.jobs.batch_resources import (
    MAX_BATCH_BYTES,
    BatchCancel,
    BatchChanged,
    BatchRetry,
    BatchSubmission,
    JobBatch,
)
from api.jobs.change_routes import cancel, queue_again
from api.jobs.orders import order_of
from api.limits import submissions as limits
from identity.errors import PermissionDenied
from jobs.dispatch.dispatching import try_dispatch
from jobs.errors import (
    IdempotencyKeyReused,
    InvalidPageToken,
    JobNotFound,
    PayloadTooLarge,
    StoreUnavailable,
    TransitionRefused,
    UnknownJobType,
    VersionConflict,
)
from jobs.job.model import Job, Status
from jobs.job.store import Filter, fills_a_page

routes = Blueprint("batches", __name__)
TAG = "Many jobs"


@routes.post("/v1/jobs:batchCreate")
@Operation(
    summary="Submit many jobs",
    tag=TAG,
    body=BatchSubmission,
    admits=admission.submitters,
    max_body_bytes=MAX_BATCH_BYTES,
    answer=JobBatch,
    status=202,
    problems=(
        UnknownJobType,
        PayloadTooLarge,
        IdempotencyKeyReused,
        VersionConflict,
        *limits.PROBLEMS,
        StoreUnavailable,
    ),
    answer_headers=limits.HEADERS,
)
def batch_create(body: BatchSubmission) -> Answer:
    """Makes all of the jobs or, where one of them is refused, none.

    Each may have an `idempotency_key`. A batch in which all have one is safe to repeat: jobs that
    are there already are given back as they are.
    """
    for item in body.jobs:
        caller().check_submit(item.type)
    orders = [order_of(item, item.idempotency_key) for item in body.jobs]
    headers = limits.count_submissions(len(orders))
    submitted = deps().submitter.submit_all(orders)
    batch = JobBatch(
        jobs=[shown(one.job) for one in submitted],
        replayed=[one.job.id for one in submitted if one.replayed],
    )
    return Answer(body=batch, headers=headers)


@routes.post("/v1/jobs:batchCancel")
@Operation(
    summary="Cancel many jobs",
    tag=TAG,
    body=BatchCancel,
    admits=admission.changers,
    answer=BatchChanged,
    problems=(InvalidPageToken, RateLimited, StoreUnavailable),
)
def batch_cancel(body: BatchCancel) -> BatchChanged:
    """Cancels a page of your jobs, newest first; an operator's call takes those of everybody.

    Repeat it with the `next_page_token` until that is empty.
    """
    return _change_page(body, cancel)[0]


@routes.post("/v1/jobs:batchRetry")
@Operation(
    summary="Retry many jobs",
    tag=TAG,
    body=BatchRetry,
    admits=admission.changers,
    answer=BatchChanged,
    problems=(InvalidPageToken, RateLimited, StoreUnavailable),
)
def batch_retry(body: BatchRetry) -> BatchChanged:
    """Queues a page of your jobs again, newest first; an operator's call takes everybody's.

    Repeat it with the `next_page_token` until that is empty.
    """
    answer, changed = _change_page(body, queue_again)
    if changed:
        try_dispatch(deps().queue, changed)
    return answer


def _change_page(
    body: BatchCancel | BatchRetry, apply: Callable[[Job], Job]
) -> tuple[BatchChanged, Sequence[Job]]:
    where = Filter(
        owner=caller().owner_to_change(body.type),
        status=Status(body.status),
        type=body.type,
        label=next(iter(body.label.items()), None),
    )
    page = deps().store.list_jobs(where, body.page_size, cursor_of(body.page_token, where))
    # Each change may be told to as many webhooks as a submission, so it counts as one.
    deps().submit_rate.take(caller().member, len(page))
    changed = []
    skipped = []
    for job in page:
        try:
            caller().check_change(job)
            changed.append(apply(job))
        except (TransitionRefused, JobNotFound, VersionConflict, PermissionDenied):
            # Somebody was quicker and the job has gone on since the page was read, or it is the
            # caller's own, of a type that it may no longer submit.
            skipped.append(job.id)
    answer = BatchChanged(
        changed=[job.id for job in changed],
        skipped=skipped,
        next_page_token=next_page_token(page, body.page_size, where, is_cut=fills_a_page(page)),
    )
    return answer, changed
