"""Pub/Sub's push: what the worker gets for a message, and what its answer means.

https://cloud.google.com/pubsub/docs/push
"""

import base64
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from local.cloud.caller import WorkerCaller
from local.cloud.settings import CloudSettings

ACK_DEADLINE_SECONDS = 600
ACKNOWLEDGING = frozenset({102, 200, 201, 202, 204})
MAX_DELIVERY_ATTEMPTS = 50
SHORTEST_BACKOFF_SECONDS = 1
LONGEST_BACKOFF_SECONDS = 600

log = logging.getLogger("dormouse.local")


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """Where a topic's messages go. What is refused too often goes to `dead_letter_topic`.

    A spared one's messages are left alone when the local cloud is asked to misbehave.
    """

    name: str
    topic: str
    path: str
    dead_letter_topic: str | None = None
    spared: bool = False


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message that Pub/Sub delivers. `attempt` counts its deliveries, from 1."""

    id: str
    data: bytes
    published_at: datetime
    attributes: Mapping[str, str] = field(default_factory=dict)
    attempt: int = 1


def subscriptions(topic: str) -> tuple[Subscription, Subscription]:
    """The subscriptions of job messages and dead letters, as Terraform makes them."""
    dead_letters = "dormouse-dead-letters"
    return (
        Subscription(
            name=f"{topic}-push", topic=topic, path="/jobs", dead_letter_topic=dead_letters
        ),
        Subscription(
            name=f"{dead_letters}-push", topic=dead_letters, path="/dead-letters", spared=True
        ),
    )


class Push:
    """Pushes messages to the worker, signed as the push account."""

    def __init__(self, settings: CloudSettings, caller: WorkerCaller) -> None:
        self._settings = settings
        self._caller = caller

    def __call__(self, subscription: Subscription, message: Message) -> bool:
        """Whether the worker acknowledged the message."""
        status = self._caller.post(
            subscription.path,
            account=self._settings.push_account,
            seconds=ACK_DEADLINE_SECONDS,
            headers={"Content-Type": "application/json", "User-Agent": "APIs-Google"},
            body=envelope(self._settings.project, subscription, message),
        )
        if status not in ACKNOWLEDGING:
            log.warning("the worker refused a push to %s with %d", subscription.path, status)
            return False
        return True


def envelope(project: str, subscription: Subscription, message: Message) -> bytes:
    """The body of a push.

    Like the real one, it names id and time in two spellings, and counts attempts only where there
    is a dead-letter topic.
    """
    published = message.published_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    body: dict[str, object] = {
        "message": {
            "attributes": dict(message.attributes),
            "data": base64.b64encode(message.data).decode(),
            "messageId": message.id,
            "message_id": message.id,
            "publishTime": published,
            "publish_time": published,
        },
        "subscription": f"projects/{project}/subscriptions/{subscription.name}",
    }
    if subscription.dead_letter_topic:
        body["deliveryAttempt"] = message.attempt
    return msgspec.json.encode(body)
