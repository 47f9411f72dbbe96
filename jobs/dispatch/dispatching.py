"""Dispatches saved jobs, without making anybody wait for a queue that is away."""

import logging
from collections.abc import Sequence

from jobs.dispatch.queue import JobMessage, Queue
from jobs.errors import QueueUnavailable
from jobs.job.model import Job
from jobs.telemetry.log import log_event


def try_dispatch(queue: Queue, jobs: Sequence[Job]) -> None:
    """Dispatch the jobs; where that fails, log it and leave the dispatching to the sweep."""
    try:
        queue.dispatch([JobMessage.to(job) for job in jobs])
    except QueueUnavailable as error:
        for job in jobs:
            log_event("job.dispatch_failed", job, level=logging.WARNING, reason=str(error))
