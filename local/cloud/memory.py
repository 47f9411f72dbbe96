"""Pub/Sub's part in the embedded mode: backoff and dead letters around the queue in memory."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from jobs.memory.jobs import MemoryQueue
from local.cloud.backlog import Backlog, backoff
from local.cloud.push import MAX_DELIVERY_ATTEMPTS, Message, Subscription

WAIT_SECONDS = 0.5
"""How long a pull waits at most."""


class MemoryPubsub:
    """Keeps the promises of `Source`. Messages reach `queue`'s topic through it only."""

    def __init__(
        self, project: str, topic: str, queue: MemoryQueue, now: Callable[[], datetime]
    ) -> None:
        self._project = project
        self._topic = topic
        self._queue = queue
        self._now = now
        self._numbers = itertools.count(1)
        self._backlog = Backlog()

    def pull(self, subscription: Subscription, limit: int) -> list[tuple[str, Message]]:
        """At most one of those that were refused, or else a fresh one."""
        del limit
        message = self._backlog.take(subscription.topic, self._now())
        if message is None and (data := self._take(subscription)) is not None:
            message = Message(id=str(next(self._numbers)), data=data, published_at=self._now())
        if message is None:
            return []
        return [(self._backlog.send(message), message)]

    def acknowledge(self, subscription: Subscription, ack_id: str) -> None:
        del subscription
        self._backlog.answered(ack_id)

    def refuse(self, subscription: Subscription, ack_id: str) -> None:
        message = self._backlog.answered(ack_id)
        if message.attempt >= MAX_DELIVERY_ATTEMPTS and subscription.dead_letter_topic:
            dead = self._dead_letter(subscription, message)
            self._backlog.add(subscription.dead_letter_topic, self._now(), dead)
        else:
            again = replace(message, attempt=message.attempt + 1)
            self._backlog.add(subscription.topic, self._now() + backoff(message.attempt), again)

    def _take(self, subscription: Subscription) -> bytes | None:
        if subscription.topic != self._topic:
            self._backlog.wait(WAIT_SECONDS)
            return None
        return self._queue.take(timeout=WAIT_SECONDS)

    def _dead_letter(self, subscription: Subscription, message: Message) -> Message:
        """As Pub/Sub marks it.

        https://cloud.google.com/pubsub/docs/handling-failures#dead-letter_message_attributes
        """
        source = "CloudPubSubDeadLetterSource"
        attributes = {
            **message.attributes,
            f"{source}DeliveryCount": str(message.attempt),
            f"{source}Subscription": subscription.name,
            f"{source}SubscriptionProject": self._project,
            f"{source}TopicPublishTime": message.published_at.isoformat(),
        }
        return Message(
            id=str(next(self._numbers)),
            data=message.data,
            published_at=self._now(),
            attributes=attributes,
        )
