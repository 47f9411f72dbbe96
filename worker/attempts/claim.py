"""From a job message to a claimed job, or to the finding that the job message is old news."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.dispatch.queue import JobMessage
from jobs.errors import TransitionRefused, VersionConflict
from jobs.job import transitions
from jobs.job.model import Job
from jobs.job.store import JobStore
from jobs.job_types import Registry
from jobs.telemetry.log import log_event, log_fields


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Makes jobs running, each for one attempt at a time."""

    store: JobStore
    registry: Registry
    worker: str
    now: Callable[[], datetime]
    sleep: Callable[[float], None]

    def awaited(self, job_message: JobMessage) -> Job | None:
        """The job as the message knows it, once a short wait is over. Reads it if it must.

        Raises `StoreUnavailable`.
        """
        job = job_message.job or self.store.get(job_message.job_id)
        if job:
            self._wait_for(job)
        return job

    def claim(self, job_message: JobMessage, job: Job | None = None) -> Job | None:
        """The claimed job, or None if nothing is to be done for this job message.

        `job` is what `awaited` gave, if it was asked already. One conditional write and no read in
        the common way; one read and another write if the job message is not of the document's
        latest version. Raises `UnknownJobType`, before anything is written, `StoreUnavailable`.
        """
        job = job or self.awaited(job_message)
        for _ in range(2):
            try:
                return self._claim(job)
            except VersionConflict:
                job = self.store.get(job_message.job_id)
            except TransitionRefused as refused:
                _log_old_news(job_message, str(refused))
                return None
        _log_old_news(job_message, "Somebody else was quicker.")
        return None

    def _claim(self, job: Job | None) -> Job | None:
        if job is None:
            return None
        kind = self.registry.get(job.type)
        self._wait_for(job)
        now = self.now()
        ready = job
        if transitions.lease_ended(job, now):
            ready = transitions.lose_lease(job, now, keep_for=kind.keep_for)
            if ready.is_terminal:
                log_event("job.failed", self.store.save(ready, before=job), reason="worker_lost")
                return None
        running = transitions.claim(ready, now, worker=self.worker)
        claimed = self.store.save(running, before=job)
        log_event("job.started", claimed)
        return claimed

    def _wait_for(self, job: Job) -> None:
        wait = job.run_at - self.now()
        while timedelta() < wait and transitions.is_short(wait):
            self.sleep(wait.total_seconds())
            wait = job.run_at - self.now()


def _log_old_news(job_message: JobMessage, reason: str) -> None:
    log_fields("job_message.ignored", job=job_message.job_id, reason=reason)
