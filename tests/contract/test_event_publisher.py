"""What every publisher of events promises: the same tests over memory and over Pub/Sub."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import grpc
import pytest

from jobs.errors import QueueUnavailable
from jobs.events.model import EventType
from jobs.events.publisher import EventPublisher, attributes_of
from jobs.gcp.pubsub import PubsubEventPublisher
from jobs.memory.events import MemoryEventPublisher
from jobs.settings.settings import Settings
from tests.contract.conftest import ON_EMULATORS, Pulling
from tests.factories import an_event

Message = tuple[str, dict[str, str]]
FULL = an_event(
    type=EventType.JOB_FAILED,
    message='{"text": "böse 🐭"}',
    publish=True,
    job_id="0" * 32,
    job_type="http.request",
)


@dataclass
class Topic:
    """A publisher, and what subscribers get."""

    publisher: EventPublisher
    take: Callable[[], Message]


@pytest.fixture
def memory_topic() -> Topic:
    publisher = MemoryEventPublisher()

    def take() -> Message:
        event = publisher.published.pop(0)
        return event.message, attributes_of(event)

    return Topic(publisher, take)


@pytest.fixture
def pubsub_topic(pubsub_channel: grpc.Channel, emulated: Settings, pulling: Pulling) -> Topic:
    settings = replace(emulated, events_topic="dormouse-events")
    pull = pulling(settings.events_topic)

    def take() -> Message:
        (message,) = pull(1)
        return message.data.decode(), dict(message.attributes)

    return Topic(PubsubEventPublisher(pubsub_channel, settings), take)


@pytest.fixture(params=["memory", pytest.param("pubsub", marks=ON_EMULATORS)])
def topic(request: pytest.FixtureRequest) -> Topic:
    made: Topic = request.getfixturevalue(f"{request.param}_topic")
    return made


def test_the_message_and_what_to_filter_by(topic: Topic) -> None:
    """The very message that webhooks get is published, with attributes that tell what it is."""
    topic.publisher.publish(FULL)
    assert topic.take() == (
        FULL.message,
        {
            "version": "1",
            "id": FULL.id,
            "type": "job.failed",
            "owner": "user:ada@example.com",
            "job_id": "0" * 32,
            "job_type": "http.request",
        },
    )


@pytest.mark.emulators
def test_a_topic_that_is_not_there(pubsub_channel: grpc.Channel, emulated: Settings) -> None:
    """What can't be published is said, so that the event stays."""
    settings = replace(emulated, events_topic="missing")
    with pytest.raises(QueueUnavailable):
        PubsubEventPublisher(pubsub_channel, settings).publish(FULL)
