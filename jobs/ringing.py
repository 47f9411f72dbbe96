"""Rings for saved jobs, without making anybody wait for a queue that is away."""

import logging
from collections.abc import Sequence

from jobs.errors import QueueUnavailable
from jobs.log import log_event
from jobs.model import Job
from jobs.queue import Queue, Ticket


def ring_softly(queue: Queue, jobs: Sequence[Job]) -> None:
    """Ring for the jobs; where that fails, log it and leave the ringing to the sweep."""
    try:
        queue.ring([Ticket.to(job) for job in jobs])
    except QueueUnavailable as error:
        for job in jobs:
            log_event("job.ring_failed", job, level=logging.WARNING, reason=str(error))
