"""Runs a handler once, in whatever process this is, and turns what it does into an outcome."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import msgspec

from jobs.context import Cancelled, Context, Continue, Link, Memory
from jobs.errors import InvalidRequest
from jobs.job.model import Checkpoint, Job, JobError
from jobs.job_types import JobType
from jobs.payloads.buckets import NO_BUCKETS, Buckets
from jobs.payloads.secret_references import Step, resolved
from worker.attempts.outcome import (
    Dropped,
    Failed,
    HandlerOutcome,
    Paused,
    of_exception,
    of_result,
    redacted,
)
from worker.processes.log_forwarding import logger_for
from worker.secrets.scrub import ScrubbedLink, Scrubber
from worker.secrets.secret_files import NO_SECRETS, SecretFiles, SecretUnavailable


@dataclass(frozen=True, kw_only=True)
class Task:
    """One attempt, in plain data that can cross into another process."""

    job_id: str
    job_type: str
    payload: bytes
    attempt: int
    max_attempts: int
    deadline: datetime
    allowed_hosts: frozenset[str]
    buckets: Buckets = NO_BUCKETS
    secrets: SecretFiles = NO_SECRETS
    traceparent: str | None = None
    checkpoint: str | None = None
    only_hosts: frozenset[str] | None = None
    """With a secret that is bound to hosts, the only ones that the handler may call."""

    @classmethod
    def of(
        cls,
        job: Job,
        timeout: timedelta,
        allowed_hosts: frozenset[str],
        secrets: SecretFiles,
        buckets: Buckets = NO_BUCKETS,
    ) -> "Task":
        """The task of a job that was just claimed."""
        return cls(
            job_id=job.id,
            job_type=job.type,
            payload=bytes(job.payload),
            attempt=job.attempt,
            max_attempts=job.max_attempts,
            deadline=(job.started_at or job.run_at) + timeout,
            allowed_hosts=allowed_hosts,
            buckets=buckets,
            secrets=secrets,
            traceparent=job.trace,
            checkpoint=job.checkpoint,
        )


class Hold(Link, Protocol):
    """A running attempt's hold on its job, for whoever waits for the handler."""

    def begin(self) -> None:
        """Make sure of it before the handler starts. Raises `Cancelled` if it may have ended."""
        ...

    def renew(self) -> float:
        """Hold on, if it is time to. Returns in how many seconds to ask again.

        Raises `Cancelled` if the job is not this attempt's any more.
        """
        ...


class Runner(Protocol):
    """Where handlers run. `pool.HandlerPool` gives each a process of its own."""

    def run(self, task: Task, hold: Hold) -> HandlerOutcome:
        """One attempt, whose hold is renewed. Never raises for what the handler does."""
        ...

    def stop(self) -> None:
        """End every handler at once. What runs, or would run, is interrupted."""
        ...


def run_handler(kind: JobType[Any, Any], task: Task, link: Link) -> HandlerOutcome:
    """Never raises: whatever the handler raises is an outcome too.

    Secrets are resolved here, in the handler's process, and their values don't leave it.
    """
    values: set[str] = set()

    hosts: list[frozenset[str]] = []

    def value_of(name: str, where: Sequence[Step]) -> str:
        value = task.secrets.read(name)
        # Looked at again, as another release may have taken the job, or other bindings held.
        binding = task.secrets.bindings.check(
            name, where, job_type=kind.name, fields=kind.secret_fields
        )
        if binding.hosts:
            hosts.append(frozenset(binding.hosts))
        values.add(value)
        return value

    try:
        payload = resolved(task.payload, value_of)
    except SecretUnavailable as unavailable:
        return Failed(JobError(code=unavailable.code, message=str(unavailable)))
    except InvalidRequest as error:
        return _not_taken(error)
    if not values:
        return _run(kind, payload, task, link, redacted)
    if hosts:
        task = replace(task, only_hosts=frozenset.intersection(*hosts))
    scrubber = Scrubber(values)
    with scrubber.over_the_log():
        outcome = _run(
            kind,
            payload,
            task,
            ScrubbedLink(link, scrubber),
            lambda text: redacted(scrubber.text(text)),
        )
    return scrubber.outcome(outcome)


def _run(
    kind: JobType[Any, Any], text: bytes, task: Task, link: Link, clean: Callable[[str], str]
) -> HandlerOutcome:
    try:
        payload = kind.with_buckets(task.buckets.names).decode(text)
    except InvalidRequest as error:
        return _not_taken(error)
    try:
        return of_result(kind.run(payload, _context(task, link, clean)))
    except Cancelled:
        return Dropped()
    except Continue as later:
        return Paused(timedelta(seconds=getattr(later, "after", 0.0)))
    except BaseException as error:  # noqa: BLE001 - whatever it raises is this attempt's, not the process's
        return of_exception(error, clean)


def _not_taken(error: InvalidRequest) -> Failed:
    # The API took it, so the two services differ in their release, or a secret's value does not
    # fit where it stands.
    return Failed(JobError(code="payload_invalid", message=str(error)), permanent=True)


def _context(task: Task, link: Link, clean: Callable[[str], str]) -> Context:
    memory = Memory()
    if task.checkpoint:
        memory.checkpoint = msgspec.json.decode(task.checkpoint, type=Checkpoint)
    return Context(
        job_id=task.job_id,
        job_type=task.job_type,
        attempt=task.attempt,
        max_attempts=task.max_attempts,
        deadline=task.deadline,
        log=logger_for(task.job_id, link, clean),
        link=link,
        traceparent=task.traceparent,
        allowed_hosts=task.allowed_hosts,
        buckets=task.buckets,
        only_hosts=task.only_hosts,
        memory=memory,
    )
