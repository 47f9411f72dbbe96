"""Sends a dead letter on its way again."""

from base64 import b64decode
from collections.abc import Callable
from datetime import datetime

from jobs.dead_letters.store import DeadLetter, DeadLetterStore
from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import JobMessage, Queue
from jobs.errors import TransitionRefused, UndecodableMessage
from jobs.job import transitions
from jobs.job.change import change
from jobs.job.model import UNDELIVERED, Job, Status
from jobs.job.store import JobStore
from jobs.telemetry.log import log_event


def redrive(
    dead_letter: DeadLetter,
    *,
    store: JobStore,
    dead_letters: DeadLetterStore,
    queue: Queue,
    now: Callable[[], datetime],
) -> Job:
    """Dispatch the letter's job again, and remove the letter. Returns the job.

    A job that failed because of the letter gets its attempts anew. One that has gone on in the
    meantime is left as it is. Raises `TransitionRefused` for a letter that this release can't
    decode, or whose job is gone; `VersionConflict`, `StoreUnavailable`.
    """
    try:
        job_message = JobMessage.decode(b64decode(dead_letter.data))
    except UndecodableMessage as error:
        raise TransitionRefused(f"The letter holds no job message. {error}") from error
    job = store.get(job_message.job_id)
    if job is None:
        raise TransitionRefused("The letter's job is gone.")

    def wanted_again(job: Job) -> Job:
        if job.status is Status.FAILED and job.error and job.error.code == UNDELIVERED:
            return transitions.retry(job, now())
        return job

    kept = change(store, job, wanted_again)
    if kept.status is Status.QUEUED:
        try_dispatch(queue, [kept])
    log_event("dead_letter.redriven", kept, dead_letter=dead_letter.id)
    dead_letters.delete(dead_letter.id)
    return kept
