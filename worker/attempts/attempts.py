"""What a job message sets going: wait, claim, run, finish."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.context import Cancelled
from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import JobMessage, Queue
from jobs.errors import DormouseError
from jobs.job import transitions
from jobs.job.model import Job, JobError, Status
from jobs.job.store import JobStore
from jobs.job_types import MAX_TIMEOUT, JobType, Registry
from jobs.payloads.buckets import NO_BUCKETS, Buckets
from jobs.runtime import Runtime, Semaphore
from jobs.telemetry.log import log_event
from worker.attempts.claim import Claims
from worker.attempts.lease import Lease
from worker.attempts.outcome import Dropped, Failed, HandlerOutcome, Interrupted, Paused, Succeeded
from worker.processes.run import Hold, Task
from worker.secrets.secret_files import SecretFiles

SLOT_SECONDS = 20.0
LAST_SAVE = timedelta(seconds=25)
PUSH_LIMIT = transitions.SHORT_WAIT + timedelta(seconds=SLOT_SECONDS) + MAX_TIMEOUT + LAST_SAVE
"""How long a push takes at most: a short wait, one for a process, the longest attempt, its save."""


class WorkerBusy(DormouseError):
    """Every handler process of this worker is taken. Cloud Run should not send it so many."""

    code = "worker_busy"
    retryable = True


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """Does the work. Everything that matters is in the store when `answer` returns."""

    store: JobStore
    queue: Queue
    registry: Registry
    claims: Claims
    run: Callable[[Task, Hold], HandlerOutcome]
    slots: Semaphore
    allowed_hosts: frozenset[str]
    secrets: SecretFiles
    runtime: Runtime
    buckets: Buckets = NO_BUCKETS

    def answer(self, job_message: JobMessage) -> None:
        """Do what the job message dispatches, if it still is to be done.

        Raises `StoreUnavailable`, `UnknownJobType`, `WorkerBusy`: then the job message must come
        again.
        """
        job = self.claims.awaited(job_message)
        if job is None:
            return
        # Before the claim, so that no attempt's time runs out while it waits for a process.
        if not self.slots.acquire(timeout=SLOT_SECONDS):
            raise WorkerBusy
        try:
            since = self.runtime.boot_time()
            claimed = self.claims.claim(job_message, job)
            ended = self._attempt(claimed, since) if claimed else None
        finally:
            self.slots.release()
        # A short wait goes by in a push of its own, in its turn: nobody holds a place meanwhile.
        if (
            ended
            and not ended.is_terminal
            and transitions.is_short(ended.run_at - self.runtime.now())
        ):
            try_dispatch(self.queue, [ended])

    def _attempt(self, job: Job, since: float) -> Job | None:
        """The job as the attempt left it, or None if the attempt had lost it."""
        kind = self.registry.get(job.type)
        lease = Lease(self.store, job, self.runtime, since)
        task = Task.of(job, kind.timeout, self.allowed_hosts, self.secrets, self.buckets)
        outcome = self.run(task, lease)
        try:
            ended = lease.end(lambda held: self._ended(held, kind, outcome))
        except Cancelled:
            log_event("job.result_dropped", lease.job)
            return None
        _log_end(ended, outcome)
        return ended

    def _ended(self, job: Job, kind: JobType[Any, Any], outcome: HandlerOutcome) -> Job:
        now = self.runtime.now()
        if isinstance(outcome, Dropped):
            # The lease is still held, so it was the handler that made this up.
            outcome = Failed(JobError(code="handler_error", message="It raised Cancelled itself."))
        if isinstance(outcome, Interrupted):
            return transitions.hand_back(job, now, keep_for=kind.keep_for)
        if isinstance(outcome, Paused):
            return transitions.pause(job, now, outcome.delay)
        if isinstance(outcome, Succeeded):
            return transitions.succeed(job, now, outcome.result, keep_for=kind.keep_for)
        delay = outcome.delay
        if delay is None and not outcome.permanent:
            delay = (job.retry or kind.retry).delay(job.attempt, self.runtime.uniform)
        return transitions.fail(job, now, outcome.error, delay=delay, keep_for=kind.keep_for)


def _log_end(job: Job, outcome: HandlerOutcome) -> None:
    if isinstance(outcome, Interrupted):
        log_event("job.handed_back", job)
        return
    if isinstance(outcome, Paused):
        log_event("job.paused", job, run_at=job.run_at)
        return
    last = job.attempts[-1]
    seconds = round((last.ended_at - last.started_at).total_seconds(), 3)
    if job.status is Status.SUCCEEDED:
        log_event("job.succeeded", job, seconds=seconds)
    else:
        event = "job.failed" if job.is_terminal else "job.retrying"
        error = last.error
        log_event(
            event,
            job,
            level=logging.WARNING,
            seconds=seconds,
            code=error.code if error else None,
            error=error.message if error else None,
            run_at=None if job.is_terminal else job.run_at,
        )
