"""Holds an answer until a job is terminal. Keeps nothing that another instance would not have."""

import threading
import time

from jobs.model import Job
from jobs.store import JobStore

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
GROWTH = 1.5


def wait_until_terminal(
    store: JobStore, job: Job, seconds: float, stopping: threading.Event
) -> Job:
    """The job once it is terminal, or as it is when the time is up or the process must stop.

    One read at each look.
    """
    end = time.monotonic() + seconds
    pause = FIRST_PAUSE_SECONDS
    while not job.is_terminal and (left := end - time.monotonic()) > 0:
        if stopping.wait(min(pause, left)):
            return job
        pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
        latest = store.get(job.id)
        if latest is None:
            return job
        job = latest
    return job
