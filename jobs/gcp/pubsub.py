"""Job messages, and events, through Pub/Sub. Speaks Pub/Sub's own messages on a plain channel.

https://cloud.google.com/pubsub/docs/reference/rpc/google.pubsub.v1
"""

from collections.abc import Sequence
from typing import Any

import grpc

from jobs.dispatch.queue import JobMessage
from jobs.errors import QueueUnavailable
from jobs.events.model import Event
from jobs.events.publisher import attributes_of
from jobs.gcp.channel import Refused, call, connect
from jobs.gcp.messages import message
from jobs.runtime import MACHINE, Runtime
from jobs.settings.settings import Settings

GetTopicRequest = message("google.pubsub.v1.GetTopicRequest")
PublishRequest = message("google.pubsub.v1.PublishRequest")
PublishResponse = message("google.pubsub.v1.PublishResponse")
PubsubMessage = message("google.pubsub.v1.PubsubMessage")
Topic = message("google.pubsub.v1.Topic")

DISPATCH_SECONDS = 4.0
"""The sweep dispatches what was lost, so a caller need not wait long for a slow queue."""

_PUBLISHER = "/google.pubsub.v1.Publisher"


def connect_pubsub(settings: Settings) -> grpc.Channel:
    return connect("pubsub.googleapis.com", settings.pubsub_emulator)


class PubsubQueue:
    """Keeps the promises of `Queue` on one topic."""

    def __init__(
        self, channel: grpc.Channel, settings: Settings, runtime: Runtime = MACHINE
    ) -> None:
        self._topic = _Topic(channel, settings.project, settings.topic, runtime)

    def dispatch(self, job_messages: Sequence[JobMessage]) -> None:
        if job_messages:
            self._topic.publish(
                [PubsubMessage(data=job_message.encode()) for job_message in job_messages]
            )

    def ping(self) -> None:
        self._topic.look_up()


class PubsubEventPublisher:
    """Keeps the promises of `EventPublisher` on one topic."""

    def __init__(
        self, channel: grpc.Channel, settings: Settings, runtime: Runtime = MACHINE
    ) -> None:
        self._topic = _Topic(channel, settings.project, settings.events_topic, runtime)

    def publish(self, event: Event) -> None:
        message = PubsubMessage(data=event.message.encode(), attributes=attributes_of(event))
        self._topic.publish([message])


class _Topic:
    """A call publishes at once and waits for the answer: nothing is left to do after a response.

    Raises `QueueUnavailable`.
    """

    def __init__(self, channel: grpc.Channel, project: str, name: str, runtime: Runtime) -> None:
        self._runtime = runtime
        self._topic = f"projects/{project}/topics/{name}"
        self._metadata = (("x-goog-request-params", f"topic={self._topic}"),)
        self._publish = channel.unary_unary(
            f"{_PUBLISHER}/Publish",
            PublishRequest.SerializeToString,
            PublishResponse.FromString,
        )
        self._get_topic = channel.unary_unary(
            f"{_PUBLISHER}/GetTopic",
            GetTopicRequest.SerializeToString,
            Topic.FromString,
        )

    def publish(self, messages: Sequence[Any]) -> None:
        self._call(self._publish, PublishRequest(topic=self._topic, messages=messages))

    def look_up(self) -> None:
        self._call(self._get_topic, GetTopicRequest(topic=self._topic), tries=1)

    def _call(self, method: Any, request: Any, tries: int = 2) -> Any:
        try:
            return call(
                method,
                request,
                self._metadata,
                QueueUnavailable,
                runtime=self._runtime,
                tries=tries,
                seconds=DISPATCH_SECONDS,
            )
        except Refused as refused:
            raise QueueUnavailable(refused.status.name) from refused
