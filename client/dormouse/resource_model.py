"""The API's other resources as frozen data. Fields added by a newer API are ignored."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Raw

from dormouse.model import Attempt, Status


class JobType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of work that the service offers, with JSON Schemas of its payload and result."""

    name: str
    description: str
    payload_schema: Mapping[str, Any]
    result_schema: Mapping[str, Any]
    example: Any = None
    retry: Mapping[str, Any] = {}
    timeout_seconds: float = 0.0
    keep_days: float = 0.0


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role, and the job types that it is for; `*` stands for all."""

    role: str
    types: Sequence[str]


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The caller, as the service sees it."""

    member: str
    issuer: str
    email: str | None
    roles: Sequence[Grant]


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """The job that a schedule makes at each of its times."""

    type: str
    payload: Raw
    labels: Mapping[str, str] = {}
    max_attempts: int | None = None


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Work that is done again and again. What does not apply is None."""

    id: str
    owner: str
    description: str
    state: Literal["active", "paused"]
    template: Template
    cron: str | None
    time_zone: str | None
    every_seconds: int | None
    start_at: datetime | None
    catch_up: str
    overlap: str
    next_times: Sequence[datetime]
    last_firing: Mapping[str, Any] | None = None
    last_skip: Mapping[str, Any] | None = None
    created_at: datetime
    updated_at: datetime
    paused_at: datetime | None


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that hears of its owner's jobs. Only a new one shows its `secret`."""

    id: str
    owner: str
    url: str
    description: str
    events: Sequence[str]
    types: Sequence[str]
    labels: Mapping[str, str]
    enabled: bool
    disabled_reason: str | None
    failing_since: datetime | None
    throttled_until: datetime | None
    created_at: datetime
    secret: str | None = None

    def __repr__(self) -> str:
        """Without the secret, which would end up in a log."""
        return f"Webhook(id={self.id!r}, url={self.url!r}, enabled={self.enabled!r})"


class FreshSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A new secret. Nobody is shown it again; the one before signs beside it for a while."""

    secret: str
    previous_until: datetime | None

    def __repr__(self) -> str:
        """Without the secret, which would end up in a log."""
        return f"FreshSecret(previous_until={self.previous_until!r})"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one URL."""

    id: str
    event_id: str
    event_type: str
    status: Status
    attempt: int
    max_attempts: int
    attempts: tuple[Attempt, ...]
    body: str
    created_at: datetime
    next_attempt_at: datetime | None
    finished_at: datetime | None


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be delivered to a worker. `data` is in base64."""

    id: str
    created_at: datetime
    reason: str
    detail: str
    data: str
    attributes: Mapping[str, str]
    deliveries: int
    job_id: str | None
