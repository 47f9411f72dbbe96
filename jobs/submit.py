"""The one way in which a job is born."""

import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from jobs.errors import (
    IdempotencyKeyReused,
    InvalidRequest,
    JobExists,
    PayloadTooLarge,
    QueueUnavailable,
    VersionConflict,
)
from jobs.log import log_event
from jobs.model import Job
from jobs.queue import Queue, Ticket
from jobs.registry import Registry
from jobs.retry import MAX_ATTEMPTS, RetryPolicy
from jobs.store import JobStore
from jobs.transitions import is_short, ring

MAX_PAYLOAD_BYTES = 256 * 1024
MAX_DELAY = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a caller asks for, already of the right shape. `payload` is a JSON text.

    `delay` counts from when the order arrives, and stands in place of `run_at`.
    """

    type: str
    payload: msgspec.Raw
    owner: str
    labels: Mapping[str, str]
    run_at: datetime | None = None
    delay: timedelta | None = None
    max_attempts: int | None = None
    retry: RetryPolicy | None = None
    idempotency_key: str | None = None
    trace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Submitter:
    """Makes jobs of orders: checks, keeps, rings."""

    store: JobStore
    queue: Queue
    registry: Registry
    now: Callable[[], datetime]
    new_id: Callable[[], str] = lambda: secrets.token_hex(16)

    def submit(self, order: Order) -> tuple[Job, bool]:
        """Keep the job and ring for it. Returns it, and whether it is a replay of an earlier one.

        Once this returns, the job is never lost: if ringing fails, the sweep rings again.
        Raises `InvalidRequest`, `UnknownJobType`, `PayloadTooLarge`, `IdempotencyKeyReused`,
        `VersionConflict`, `StoreUnavailable`.
        """
        job = self._job(order)
        try:
            kept = self.store.create(job)
        except JobExists:
            return self._first(job), True
        log_event("job.submitted", kept, owner=kept.owner)
        if kept.rings:
            ring_softly(self.queue, [kept])
        return kept, False

    def _job(self, order: Order) -> Job:
        now = self.now()
        kind = self.registry.get(order.type)
        if len(bytes(order.payload)) > MAX_PAYLOAD_BYTES:
            raise PayloadTooLarge(f"A payload has at most {MAX_PAYLOAD_BYTES} bytes of JSON.")
        kind.decode(order.payload)
        run_at = max(now, order.run_at or now) if order.delay is None else now + order.delay
        if run_at - now > MAX_DELAY:
            raise InvalidRequest(f"A job may wait {MAX_DELAY.days} days at most.")
        run_at = run_at.astimezone(UTC)
        if order.max_attempts is not None and not 1 <= order.max_attempts <= MAX_ATTEMPTS:
            raise InvalidRequest(f"`$.max_attempts` is a number from 1 to {MAX_ATTEMPTS}.")
        key = order.idempotency_key
        job = Job(
            id=derived_id(order.owner, key) if key else self.new_id(),
            type=order.type,
            owner=order.owner,
            payload=order.payload.copy(),
            labels=order.labels,
            max_attempts=order.max_attempts or (order.retry or kind.retry).max_attempts,
            retry=order.retry,
            created_at=now,
            run_at=run_at,
            wake_at=run_at,
            trace=order.trace,
            fingerprint=_fingerprint(order) if key else None,
        )
        return ring(job, now) if is_short(run_at - now) else job

    def _first(self, job: Job) -> Job:
        """The job that the same key made before."""
        first = self.store.get(job.id)
        if first is None:
            raise VersionConflict(
                "The first job of this idempotency key was deleted just now. Try again."
            )
        if first.fingerprint != job.fingerprint:
            raise IdempotencyKeyReused
        return first


def ring_softly(queue: Queue, jobs: list[Job]) -> None:
    """Ring for saved jobs; where that fails, log it and leave the ringing to the sweep."""
    try:
        queue.ring([Ticket.to(job) for job in jobs])
    except QueueUnavailable as error:
        for job in jobs:
            log_event("job.ring_failed", job, level=logging.WARNING, reason=str(error))


def derived_id(owner: str, idempotency_key: str) -> str:
    """The id of the job that this principal's key stands for."""
    return hashlib.sha256(f"{owner}\0{idempotency_key}".encode()).hexdigest()[:32]


def _fingerprint(order: Order) -> str:
    """Equal for equal requests, however their JSON is written."""
    request = {
        "type": order.type,
        "payload": msgspec.json.decode(order.payload),
        "labels": dict(order.labels),
        "run_at": order.run_at.timestamp() if order.run_at else None,
        "delay": order.delay,
        "max_attempts": order.max_attempts,
        "retry": order.retry,
    }
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()
