"""What a job message sets going: claim, run, finish, and the short waits between attempts."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jobs.context import Cancelled, Link
from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import JobMessage, Queue
from jobs.errors import DormouseError
from jobs.job import transitions
from jobs.job.model import Job, JobError, Status
from jobs.job.store import JobStore
from jobs.job_types import JobType, Registry
from jobs.payloads.buckets import NO_BUCKETS, Buckets
from jobs.telemetry.log import log_event
from worker.attempts.claim import LEASE_MARGIN, Claims
from worker.attempts.lease import Lease
from worker.attempts.outcome import Dropped, Failed, HandlerOutcome, Interrupted, Paused, Succeeded
from worker.processes.run import Task
from worker.secrets.secret_files import SecretFiles

PUSH_LIMIT = timedelta(seconds=590)
"""A push is given up after the subscription's ack deadline of 600 s."""


SLOT_SECONDS = 20.0


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
    run: Callable[[Task, Link], HandlerOutcome]
    slots: threading.Semaphore
    allowed_hosts: frozenset[str]
    secrets: SecretFiles
    now: Callable[[], datetime]
    uniform: Callable[[float, float], float]
    buckets: Buckets = NO_BUCKETS

    def answer(self, job_message: JobMessage) -> None:
        """Do what the job message dispatches, if it still is to be done.

        Raises `StoreUnavailable`, `UnknownJobType`, `WorkerBusy`: then the job message must come
        again.
        """
        until = self.now() + PUSH_LIMIT
        # Before the claim, so that no attempt's time runs out while it waits for a process.
        if not self.slots.acquire(timeout=SLOT_SECONDS):
            raise WorkerBusy
        try:
            job = self.claims.claim(job_message)
            while job is not None:
                job = self._next(self._attempt(job), until)
        finally:
            self.slots.release()

    def _attempt(self, job: Job) -> Job | None:
        """The job as the attempt left it, or None if the attempt had lost it."""
        kind = self.registry.get(job.type)
        lease = Lease(self.store, job)
        task = Task.of(job, kind.timeout, self.allowed_hosts, self.secrets, self.buckets)
        outcome = self.run(task, lease)
        try:
            ended = lease.end(lambda held: self._ended(held, kind, outcome))
        except Cancelled:
            log_event("job.result_dropped", lease.job)
            return None
        _log_end(ended, outcome)
        if isinstance(outcome, Interrupted):
            try_dispatch(self.queue, [ended])
            return None
        return ended

    def _ended(self, job: Job, kind: JobType[Any, Any], outcome: HandlerOutcome) -> Job:
        now = self.now()
        if isinstance(outcome, Dropped):
            # The lease is still held, so it was the handler that made this up.
            outcome = Failed(JobError(code="handler_error", message="It raised Cancelled itself."))
        if isinstance(outcome, Interrupted):
            return transitions.hand_back(job, now)
        if isinstance(outcome, Paused):
            return transitions.pause(job, now, outcome.delay)
        if isinstance(outcome, Succeeded):
            return transitions.succeed(job, now, outcome.result, keep_for=kind.keep_for)
        delay = outcome.delay
        if delay is None and not outcome.permanent:
            delay = (job.retry or kind.retry).delay(job.attempt, self.uniform)
        return transitions.fail(job, now, outcome.error, delay=delay, keep_for=kind.keep_for)

    def _next(self, job: Job | None, until: datetime) -> Job | None:
        """The job claimed for its next attempt, if that one is for this push to make."""
        if job is None or job.is_terminal or not transitions.is_short(job.run_at - self.now()):
            return None
        longest = self.registry.get(job.type).timeout + LEASE_MARGIN
        if job.run_at + longest > until:
            try_dispatch(self.queue, [job])
            return None
        return self.claims.again(job)


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
