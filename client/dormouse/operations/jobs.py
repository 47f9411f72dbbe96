"""Jobs: submit, look, list, change."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from dormouse.calling import Answer, Call, Policy, Refused, attempts, call
from dormouse.errors import DormouseError, NotFound, SubmissionsFailed
from dormouse.model import JobState
from dormouse.operations.paging import pages
from dormouse.steps import Steps
from dormouse.submissions import KEY_HEADER, Submission, batches, quoted

_BATCH_SECONDS: Final = 60.0


def submit(policy: Policy, wanted: Submission) -> Steps[JobState]:
    """The job, once the service has it. Repeating is safe, as it has a key."""
    headers = {KEY_HEADER: quoted(wanted.key())}
    made = yield from call(policy, Call("POST", "/v1/jobs", headers=headers, body=wanted.body()))
    return made.decoded(JobState)


class _Batch(msgspec.Struct):
    jobs: list[JobState]


def submit_many(policy: Policy, wanted: Sequence[Submission]) -> Steps[list[JobState]]:
    """The jobs in order. All batches are tried, also after one of them was refused.

    Raises `SubmissionsFailed`, which holds the jobs that were made.
    """
    jobs: list[JobState | None] = []
    errors: list[DormouseError] = []
    # All are encoded before the first is sent: what can't be sent is no reason to stop half-way.
    for batch in list(batches(wanted)):
        body = b'{"jobs":[' + b",".join(batch) + b"]}"
        wanted_call = Call("POST", "/v1/jobs:batchCreate", body=body, seconds=_BATCH_SECONDS)
        try:
            made = yield from call(policy, wanted_call)
            jobs += made.decoded(_Batch).jobs
        except DormouseError as error:
            errors.append(error)
            jobs += [None] * len(batch)
    if errors:
        raise SubmissionsFailed(jobs, errors)
    return [job for job in jobs if job is not None]


def get(policy: Policy, job_id: str, wait: float = 0) -> Steps[JobState]:
    """The job as it is now, or as soon as it has ended, within `wait` seconds (30 at most)."""
    query = {"wait": f"{wait:g}"} if wait else {}
    got = yield from call(policy, Call("GET", path_of(job_id), query=query, holds=wait))
    return got.decoded(JobState)


class _Page(msgspec.Struct):
    jobs: list[JobState]
    next_page_token: str


def list_jobs(
    policy: Policy,
    *,
    status: str | None = None,
    type: str | None = None,  # noqa: A002 - the API's word
    label: tuple[str, str] | None = None,
    limit: int | None = None,
) -> Steps[None]:
    """Emits jobs, newest first, page after page."""
    query = {"view": "full", "status": status, "type": type} | (
        {f"label.{label[0]}": label[1]} if label else {}
    )
    yield from pages(policy, "/v1/jobs", _Page, lambda page: page.jobs, query, limit)


def cancel(policy: Policy, job_id: str) -> Steps[JobState]:
    """The job as cancelled. Cancelling a cancelled job changes nothing."""
    done = yield from call(policy, Call("POST", f"{path_of(job_id)}:cancel"))
    return done.decoded(JobState)


def retry(policy: Policy, job_id: str) -> Steps[JobState]:
    """The failed or cancelled job, queued again with all its attempts anew."""
    try:
        done = yield from attempts(policy, Call("POST", f"{path_of(job_id)}:retry"))
    except Refused as refused:
        if refused.uncertain and refused.error.code == "status_conflict":
            # An earlier try was done and its answer lost: the job has been queued already.
            return (yield from get(policy, job_id))
        raise refused.error from None
    return done.decoded(JobState)


def delete(policy: Policy, job_id: str) -> Steps[None]:
    """Remove a terminal job, its result included."""
    yield from removed(policy, path_of(job_id))


def removed(policy: Policy, path: str) -> Steps[Answer | None]:
    """Delete. What an earlier try of this very call has deleted is no error."""
    try:
        return (yield from attempts(policy, Call("DELETE", path)))
    except Refused as refused:
        if refused.uncertain and isinstance(refused.error, NotFound):
            return None
        raise refused.error from None


def path_of(job_id: str) -> str:
    return named("/v1/jobs", job_id)


def named(collection: str, name: str) -> str:
    """The path of one thing. The name is quoted whatever it holds."""
    return f"{collection}/{quote(name, safe='')}"
