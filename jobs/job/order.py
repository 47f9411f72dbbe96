"""What a caller asks for, and the job that it becomes. Checks; keeps nothing."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from jobs.errors import InvalidRequest, PayloadTooLarge, UnknownJobType
from jobs.job.model import Job
from jobs.job.retry import MAX_ATTEMPTS
from jobs.job.spec import JobSpec
from jobs.job.transitions import dispatch, is_short
from jobs.job_types import Registry
from jobs.payloads.secret_bindings import NO_SECRETS, SecretBindings
from jobs.payloads.secret_references import checked
from jobs.payloads.strict_json import check_json

MAX_PAYLOAD_BYTES = 256 * 1024
MAX_DELAY = timedelta(days=366)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a caller asks for, already of the right shape.

    `delay` counts from when the order arrives, and stands in place of `run_at`. `id` is for whoever
    derives it from something that happens once. `internal` orders come from Dormouse itself, which
    alone may order jobs of an internal type.
    """

    spec: JobSpec
    owner: str
    run_at: datetime | None = None
    delay: timedelta | None = None
    idempotency_key: str | None = None
    id: str | None = None
    trace: str | None = None
    internal: bool = False


def job_for(
    order: Order,
    registry: Registry,
    now: datetime,
    new_id: Callable[[], str],
    secrets: SecretBindings = NO_SECRETS,
) -> Job:
    """The job that the order asks for, not kept yet; already dispatched if it is due soon.

    `secrets` are those that its payload may refer to. The references are kept, never values.
    Raises `InvalidRequest`, `UnknownJobType`, `PayloadTooLarge`.
    """
    spec = order.spec
    kind = registry.get(spec.type)
    if kind.internal and not order.internal:
        raise UnknownJobType(f"Jobs of the type {kind.name} are made by Dormouse itself.")
    if len(bytes(spec.payload)) > MAX_PAYLOAD_BYTES:
        raise PayloadTooLarge(f"A payload has at most {MAX_PAYLOAD_BYTES} bytes of JSON.")
    if not order.internal:
        check_json(bytes(spec.payload), MAX_PAYLOAD_BYTES, "The payload")
    kind.decode(
        checked(
            spec.payload,
            partial(
                secrets.check,
                job_type=kind.name,
                fields=kind.secret_fields,
                owner=order.owner,
            ),
        )
    )
    run_at = max(now, order.run_at or now) if order.delay is None else now + order.delay
    if run_at - now > MAX_DELAY:
        raise InvalidRequest(f"A job may wait {MAX_DELAY.days} days at most.")
    run_at = run_at.astimezone(UTC)
    if spec.max_attempts is not None and not 1 <= spec.max_attempts <= MAX_ATTEMPTS:
        raise InvalidRequest(f"`$.max_attempts` is a number from 1 to {MAX_ATTEMPTS}.")
    key = order.idempotency_key
    job = Job(
        **spec.fields()
        | {
            "payload": spec.payload.copy(),
            "max_attempts": spec.max_attempts or (spec.retry or kind.retry).max_attempts,
        },
        id=order.id or (derived_id(order.owner, key) if key else new_id()),
        owner=order.owner,
        created_at=now,
        run_at=run_at,
        wake_at=run_at,
        trace=order.trace,
        fingerprint=_fingerprint(order) if key else None,
    )
    return dispatch(job, now) if is_short(run_at - now) else job


def derived_id(owner: str, idempotency_key: str) -> str:
    """The id of the job that this principal's key stands for."""
    return hashlib.sha256(f"{owner}\0{idempotency_key}".encode()).hexdigest()[:32]


def _fingerprint(order: Order) -> str:
    """Equal for equal requests, however their JSON is written."""
    request = order.spec.canonical() | {
        "run_at": order.run_at.timestamp() if order.run_at else None,
        "delay": order.delay,
    }
    return hashlib.sha256(msgspec.json.encode(request, order="deterministic")).hexdigest()
