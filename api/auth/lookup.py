"""Finds what a path names, and shows the job if the caller may know of it."""

import re
from collections.abc import Callable
from typing import Final, TypeVar

from api.auth.callers import caller
from api.dependencies import deps
from api.http.values import JOB_ID_PATTERN
from api.jobs.resources import JobResource
from jobs.errors import DormouseError, JobNotFound
from jobs.job.model import Job

T = TypeVar("T")
_ID: Final = re.compile(JOB_ID_PATTERN)


def existing(
    given: str,
    get: Callable[[str], T | None],
    missing: type[DormouseError],
    form: re.Pattern[str] = _ID,
) -> T:
    """What has this id. Raises `missing`, as well for what has not the form of an id."""
    if not form.fullmatch(given) or (found := get(given)) is None:
        raise missing
    return found


def readable_job(job_id: str, get: Callable[[str], Job | None] | None = None) -> Job:
    """Raises `JobNotFound`, as well for what is no id and for the jobs of others.

    `get` reads the job, if it is not to be read from the store by this request alone.
    """
    job = existing(job_id, get or deps().store.get, JobNotFound)
    caller().check_read(job)
    return job


def shown(job: Job) -> JobResource:
    """The job as this caller may see it."""
    return JobResource.of(job, traceback=caller().sees_traceback(job))


def changeable_job(job_id: str) -> Job:
    """Raises `JobNotFound`, and `PermissionDenied` to those who may only read it."""
    job = readable_job(job_id)
    caller().check_change(job)
    return job
