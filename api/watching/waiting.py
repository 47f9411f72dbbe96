"""Holds an answer until a job is terminal. Keeps nothing that another instance would not have."""

from api.watching.job_watches import Watch
from jobs.errors import JobNotFound
from jobs.job.model import Job


def wait_until_terminal(watch: Watch, job: Job, seconds: float) -> Job:
    """The job once it is terminal, or as it is when the time is up or the process must stop.

    Raises `JobNotFound` if it was deleted meanwhile.
    """
    end = watch.boot_time() + seconds
    while not (job.is_terminal or watch.stops) and (left := end - watch.boot_time()) > 0:
        latest = watch.next(job, left)
        if latest is None:
            raise JobNotFound
        job = latest
    return job
