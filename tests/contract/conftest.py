"""The stores and the queue that the contracts are tested on: in memory, and on the emulators."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient

from jobs.dead_letters.store import DeadLetterStore
from jobs.dispatch.queue import Queue
from jobs.events.store import EventStore
from jobs.gcp.firestore import (
    Firestore,
    FirestoreDeadLetterStore,
    FirestoreEventStore,
    FirestoreJobStore,
    FirestoreWebhookStore,
    connect_firestore,
    stores_in,
)
from jobs.gcp.pubsub import PubsubQueue, connect_pubsub
from jobs.job.store import JobStore
from jobs.memory.events import MemoryEventStore
from jobs.memory.jobs import MemoryDeadLetterStore, MemoryJobStore, MemoryQueue, memory_stores
from jobs.memory.webhooks import MemoryWebhookStore
from jobs.settings.settings import Settings
from jobs.stores import Stores
from jobs.webhooks.store import WebhookStore
from tests.calls import CountedCalls, FaultyCalls
from tests.conftest import Emulators
from tests.factories import some_settings

ON_EMULATORS = pytest.mark.emulators


@pytest.fixture
def emulated(emulators: Emulators, project: str) -> Settings:
    """Settings for the emulators, with a project of the test's own."""
    return some_settings(
        project=project,
        firestore_emulator=emulators.firestore,
        pubsub_emulator=emulators.pubsub,
    )


# The stores


@pytest.fixture
def firestore_channel(emulated: Settings) -> Iterator[grpc.Channel]:
    with connect_firestore(emulated) as channel:
        yield channel


@pytest.fixture
def firestore(firestore_channel: grpc.Channel, emulated: Settings) -> FirestoreJobStore:
    return FirestoreJobStore(Firestore(firestore_channel, emulated))


@pytest.fixture(params=["memory", pytest.param("firestore", marks=ON_EMULATORS)])
def store(request: pytest.FixtureRequest) -> JobStore:
    """Each store in turn."""
    kind: str = request.param
    made: JobStore = MemoryJobStore() if kind == "memory" else request.getfixturevalue(kind)
    return made


@pytest.fixture
def firestore_letters(
    firestore_channel: grpc.Channel, emulated: Settings
) -> FirestoreDeadLetterStore:
    return FirestoreDeadLetterStore(Firestore(firestore_channel, emulated))


@pytest.fixture(params=["memory", pytest.param("firestore", marks=ON_EMULATORS)])
def dead_letters(request: pytest.FixtureRequest) -> DeadLetterStore:
    """Each store of dead letters in turn."""
    if request.param == "memory":
        return MemoryDeadLetterStore()
    made: DeadLetterStore = request.getfixturevalue("firestore_letters")
    return made


@pytest.fixture
def firestore_events(firestore_channel: grpc.Channel, emulated: Settings) -> FirestoreEventStore:
    return FirestoreEventStore(Firestore(firestore_channel, emulated))


@pytest.fixture
def events(store: JobStore, request: pytest.FixtureRequest) -> EventStore:
    """Where the events of `store` are."""
    if isinstance(store, MemoryJobStore):
        return store.events
    made: EventStore = request.getfixturevalue("firestore_events")
    return made


@pytest.fixture(params=["memory", pytest.param("firestore", marks=ON_EMULATORS)])
def webhook_stores(request: pytest.FixtureRequest) -> tuple[WebhookStore, EventStore]:
    """Each store of webhooks in turn, and where its events are."""
    if request.param == "memory":
        events = MemoryEventStore()
        return MemoryWebhookStore(events), events
    channel = request.getfixturevalue("firestore_channel")
    firestore = Firestore(channel, request.getfixturevalue("emulated"))
    return FirestoreWebhookStore(firestore), FirestoreEventStore(firestore)


@pytest.fixture
def webhooks(webhook_stores: tuple[WebhookStore, EventStore]) -> WebhookStore:
    return webhook_stores[0]


@pytest.fixture
def webhook_events(webhook_stores: tuple[WebhookStore, EventStore]) -> EventStore:
    return webhook_stores[1]


@pytest.fixture
def firestore_stores(firestore_channel: grpc.Channel, emulated: Settings) -> Stores:
    return stores_in(Firestore(firestore_channel, emulated))


@pytest.fixture(params=["memory", pytest.param("firestore", marks=ON_EMULATORS)])
def stores(request: pytest.FixtureRequest) -> Stores:
    """All the stores of each kind in turn."""
    if request.param == "memory":
        return memory_stores()
    made: Stores = request.getfixturevalue("firestore_stores")
    return made


# The queues


@dataclass
class Bell:
    """A queue, and what comes out at its other end."""

    queue: Queue
    take: Callable[[int], list[bytes]]
    """So many messages, in any order. Waits until they are there."""


@pytest.fixture
def memory_bell() -> Bell:
    queue = MemoryQueue()

    def take(count: int) -> list[bytes]:
        taken = [queue.take(timeout=10) for _ in range(count)]
        return [data for data in taken if data is not None]

    return Bell(queue, take)


@pytest.fixture
def pubsub_channel(emulated: Settings) -> Iterator[grpc.Channel]:
    with connect_pubsub(emulated) as channel:
        yield channel


Pulling = Callable[[str], Callable[[int], list[Any]]]
"""Makes a topic of this name. Returns what takes so many messages from it, each once, in any order,
and waits until they are there."""


@pytest.fixture
def pulling(emulated: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pulling]:
    """The other end of a topic, pulled with Google's own client."""
    assert emulated.pubsub_emulator
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", emulated.pubsub_emulator)
    subscriber: Any = SubscriberClient()

    def pull(name: str) -> Callable[[int], list[Any]]:
        topic = f"projects/{emulated.project}/topics/{name}"
        subscription = f"projects/{emulated.project}/subscriptions/pull"
        PublisherClient().create_topic(name=topic)
        subscriber.create_subscription(name=subscription, topic=topic)

        def take(count: int) -> list[Any]:
            taken: dict[str, Any] = {}
            while len(taken) < count:
                request = {"subscription": subscription, "max_messages": count}
                if pulled := subscriber.pull(request, timeout=30).received_messages:
                    own_ids = [received.ack_id for received in pulled]
                    subscriber.acknowledge(subscription=subscription, ack_ids=own_ids)
                taken |= {received.message.message_id: received.message for received in pulled}
            return list(taken.values())

        return take

    with subscriber:
        yield pull


@pytest.fixture
def pubsub_bell(pubsub_channel: grpc.Channel, emulated: Settings, pulling: Pulling) -> Bell:
    take = pulling(emulated.topic)
    return Bell(
        PubsubQueue(pubsub_channel, emulated),
        lambda count: [message.data for message in take(count)],
    )


@pytest.fixture(params=["memory", pytest.param("pubsub", marks=ON_EMULATORS)])
def bell(request: pytest.FixtureRequest) -> Bell:
    """Each queue in turn, with its other end."""
    made: Bell = request.getfixturevalue(f"{request.param}_bell")
    return made


# What goes over the wire


@pytest.fixture
def counted() -> CountedCalls:
    return CountedCalls()


@pytest.fixture
def faulty() -> FaultyCalls:
    return FaultyCalls()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls are repeated without a pause."""
    monkeypatch.setattr("jobs.gcp.channel._FIRST_PAUSE_SECONDS", 0.0)
