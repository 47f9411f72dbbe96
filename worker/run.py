"""Runs a handler once, and turns whatever it does into an outcome."""

import logging
from datetime import datetime
from typing import Any

from jobs.context import Cancelled, Context, Link
from jobs.errors import InvalidRequest
from jobs.model import Job, JobError
from jobs.registry import JobType
from worker.outcome import Dropped, Failed, Outcome, of_exception, of_result


def run_handler(
    kind: JobType[Any, Any], job: Job, link: Link, deadline: datetime, allowed_hosts: frozenset[str]
) -> Outcome:
    """Never raises: whatever the handler raises is an outcome too."""
    try:
        payload = kind.decode(job.payload)
    except InvalidRequest as error:
        # The API took it, so the two services differ in their release.
        return Failed(JobError(code="payload_invalid", message=str(error)), permanent=True)
    context = Context(
        job_id=job.id,
        job_type=job.type,
        attempt=job.attempt,
        max_attempts=job.max_attempts,
        deadline=deadline,
        log=logging.LoggerAdapter(logging.getLogger("dormouse.handler"), {"job": job.id}),
        link=link,
        traceparent=job.trace,
        allowed_hosts=allowed_hosts,
    )
    try:
        return of_result(kind.run(payload, context))
    except Cancelled:
        return Dropped()
    except Exception as error:  # noqa: BLE001 - the handler is a stranger's code
        return of_exception(error)
