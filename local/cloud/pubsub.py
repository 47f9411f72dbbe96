"""Takes messages from the Pub/Sub emulator, to be pushed.

The emulator can push by itself, but only two messages of a subscription at a time, and it counts
no delivery attempts. So the local cloud's subscriptions are pull subscriptions, and the pushing is
done here. Attempts, backoff and dead letters stay the emulator's.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from typing import Any

import grpc

from jobs.gcp.channel import connect
from jobs.gcp.messages import message
from local.cloud.deliveries import PubsubUnavailable
from local.cloud.push import (
    ACK_DEADLINE_SECONDS,
    LONGEST_BACKOFF_SECONDS,
    MAX_DELIVERY_ATTEMPTS,
    SHORTEST_BACKOFF_SECONDS,
    Message,
    Subscription,
)

CALL_SECONDS = 10.0
PULL_SECONDS = 120.0
"""The emulator answers a pull without messages after 90 s."""

_AcknowledgeRequest = message("google.pubsub.v1.AcknowledgeRequest")
_ModifyAckDeadlineRequest = message("google.pubsub.v1.ModifyAckDeadlineRequest")
_PullRequest = message("google.pubsub.v1.PullRequest")
_PullResponse = message("google.pubsub.v1.PullResponse")
_RetryPolicy = message("google.pubsub.v1.RetryPolicy")
_Subscription = message("google.pubsub.v1.Subscription")
_Topic = message("google.pubsub.v1.Topic")
_PUBLISHER = "/google.pubsub.v1.Publisher"
_SUBSCRIBER = "/google.pubsub.v1.Subscriber"


class AlreadyExists(Exception):
    """There is a topic or subscription of this name."""


class PubsubEmulator:
    """Keeps the promises of `Source`, and makes the subscriptions."""

    def __init__(self, project: str, address: str) -> None:
        self._project = f"projects/{project}"
        self._channel = connect("", address)

    def close(self) -> None:
        """End every call, also a waiting `pull`."""
        self._channel.close()

    def create(self, subscription: Subscription) -> None:
        """Make the subscription and its topics, where they are not there yet."""
        for topic in filter(None, (subscription.topic, subscription.dead_letter_topic)):
            self.create_topic(topic)
        wanted = _Subscription(
            name=self._name(subscription),
            topic=self._topic(subscription.topic),
            ack_deadline_seconds=ACK_DEADLINE_SECONDS,
            retry_policy=_RetryPolicy(
                minimum_backoff={"seconds": SHORTEST_BACKOFF_SECONDS},
                maximum_backoff={"seconds": LONGEST_BACKOFF_SECONDS},
            ),
        )
        if subscription.dead_letter_topic:
            policy = wanted.dead_letter_policy
            policy.dead_letter_topic = self._topic(subscription.dead_letter_topic)
            policy.max_delivery_attempts = MAX_DELIVERY_ATTEMPTS
        self._create(f"{_SUBSCRIBER}/CreateSubscription", wanted)

    def create_topic(self, name: str) -> None:
        """Make the topic, where it is not there yet."""
        self._create(f"{_PUBLISHER}/CreateTopic", _Topic(name=self._topic(name)))

    def pull(self, subscription: Subscription, limit: int) -> list[tuple[str, Message]]:
        request = _PullRequest(subscription=self._name(subscription), max_messages=limit)
        answer = _PullResponse.FromString(self._call(f"{_SUBSCRIBER}/Pull", request, PULL_SECONDS))
        return [(received.ack_id, _message(received)) for received in answer.received_messages]

    def acknowledge(self, subscription: Subscription, ack_id: str) -> None:
        request = _AcknowledgeRequest(subscription=self._name(subscription), ack_ids=[ack_id])
        self._call(f"{_SUBSCRIBER}/Acknowledge", request)

    def refuse(self, subscription: Subscription, ack_id: str) -> None:
        request = _ModifyAckDeadlineRequest(
            subscription=self._name(subscription), ack_ids=[ack_id], ack_deadline_seconds=0
        )
        self._call(f"{_SUBSCRIBER}/ModifyAckDeadline", request)

    def _create(self, method: str, wanted: Any) -> None:
        with suppress(AlreadyExists):
            self._call(method, wanted)

    def _call(self, method: str, request: Any, seconds: float = CALL_SECONDS) -> bytes:
        call: Callable[..., bytes] = self._channel.unary_unary(
            method, type(request).SerializeToString
        )
        try:
            return call(request, timeout=seconds, wait_for_ready=True)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.ALREADY_EXISTS:
                raise AlreadyExists from error
            raise PubsubUnavailable(error.code().name) from error
        except ValueError as error:
            raise PubsubUnavailable("the channel is closed") from error

    def _topic(self, name: str) -> str:
        return f"{self._project}/topics/{name}"

    def _name(self, subscription: Subscription) -> str:
        return f"{self._project}/subscriptions/{subscription.name}"


def _message(received: Any) -> Message:
    sent = received.message
    return Message(
        id=sent.message_id,
        data=sent.data,
        published_at=sent.publish_time.ToDatetime(tzinfo=UTC),
        attributes=dict(sent.attributes),
        attempt=max(1, received.delivery_attempt),
    )
