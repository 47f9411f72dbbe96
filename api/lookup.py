"""Finds the job that a path names, if the caller may know of it, and shows it."""

import re
from collections.abc import Callable

from api.callers import caller
from api.dependencies import deps
from api.resources import JobResource
from api.values import JOB_ID_PATTERN
from jobs.errors import JobNotFound
from jobs.model import Job

_id = re.compile(JOB_ID_PATTERN)


def readable_job(job_id: str, get: Callable[[str], Job | None] | None = None) -> Job:
    """Raises `JobNotFound`, as well for what is no id and for the jobs of others.

    `get` reads the job, if it is not to be read from the store by this request alone.
    """
    get = get or deps().store.get
    if not _id.fullmatch(job_id) or (job := get(job_id)) is None:
        raise JobNotFound
    caller().check_read(job)
    return job


def shown(job: Job, *, log: bool = True) -> JobResource:
    """The job as this caller may see it."""
    return JobResource.of(job, traceback=caller().sees_traceback(job), log=log)


def changeable_job(job_id: str) -> Job:
    """Raises `JobNotFound`, and `PermissionDenied` to those who may only read it."""
    job = readable_job(job_id)
    caller().check_change(job)
    return job
