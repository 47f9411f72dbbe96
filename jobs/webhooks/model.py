"""What a webhook is, and what it hears. How it is doing stands in `health`."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from jobs.errors import DormouseError
from jobs.events.model import EventType
from jobs.job.model import NO_VERSION, Job, Moment, Version
from jobs.settings.roles import EVERY_TYPE, covers
from jobs.webhooks.signing import SigningSecrets

MAX_OF_OWNER: Final = 20


class DisabledReason(StrEnum):
    """Why a webhook is switched off."""

    BY_OWNER = "by_owner"
    GONE = "gone"
    FAILING = "failing"
    BACKLOG = "backlog"


class Webhook(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A URL that hears of its owner's jobs. All times are UTC.

    An empty filter lets everything through; `types` are names or beginnings of names, of `labels`
    a job must have all. `failing_since` is when the first delivery failed of those that no success
    has followed. Until `throttled_until` no delivery is tried, as the receiver asked for. Whatever
    prints a webhook prints its secrets: show `id` instead.
    """

    id: str
    owner: str
    url: str
    created_at: Moment
    secrets: SigningSecrets
    description: str = ""
    events: tuple[EventType, ...] = ()
    types: tuple[str, ...] = ()
    labels: Mapping[str, str] = {}
    enabled: bool = True
    disabled_reason: DisabledReason | None = None
    failing_since: Moment | None = None
    throttled_until: Moment | None = None
    version: Version = NO_VERSION

    def evolve(self, **changes: Any) -> "Webhook":
        return msgspec.structs.replace(self, **changes)

    def __repr__(self) -> str:
        return f"Webhook(id={self.id!r}, owner={self.owner!r})"

    def hears(self, event_type: EventType, job: Job) -> bool:
        """Whether the job's event is one for this webhook. Others' jobs never are."""
        return (
            self._listens(event_type, job.owner)
            and covers(frozenset(self.types or (EVERY_TYPE,)), job.type)
            and all(job.labels.get(name) == value for name, value in self.labels.items())
        )

    def hears_of_webhook(self, event_type: EventType, other: "Webhook") -> bool:
        """Whether it is one for this webhook that something happened to another."""
        return self.id != other.id and self._listens(event_type, other.owner)

    def _listens(self, event_type: EventType, owner: str) -> bool:
        return (
            self.enabled and self.owner == owner and (not self.events or event_type in self.events)
        )


class NotifyKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the notifications of one principal's jobs are signed with."""

    id: str
    owner: str
    created_at: Moment
    secrets: SigningSecrets
    version: Version = NO_VERSION

    @staticmethod
    def id_of(owner: str) -> str:
        """A principal's name may hold what no document's name may."""
        return hashlib.sha256(owner.encode()).hexdigest()

    def __repr__(self) -> str:
        return f"NotifyKey(owner={self.owner!r})"

    def evolve(self, **changes: Any) -> "NotifyKey":
        return msgspec.structs.replace(self, **changes)

    def rotated(self, fresh: str, now: datetime) -> "NotifyKey":
        return self.evolve(secrets=self.secrets.rotated(fresh, now))


class WebhookNotFound(DormouseError):
    """There is no such webhook, or it is not yours."""

    code = "webhook_not_found"


class DeliveryNotFound(DormouseError):
    """The webhook has no such delivery. Deliveries are kept for 30 days after they ended."""

    code = "delivery_not_found"


class TooManyWebhooks(DormouseError):
    """You have as many webhooks as one caller may have. Delete one first."""

    code = "too_many_webhooks"


def too_many(most: int) -> TooManyWebhooks:
    return TooManyWebhooks(f"You have {most} webhooks, and may have no more.")
