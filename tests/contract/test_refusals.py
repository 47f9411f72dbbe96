"""What the adapters do with calls that are refused or not answered at all."""

import socket
from collections.abc import Callable, Iterator

import grpc
import pytest

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import QueueUnavailable, StoreUnavailable
from jobs.gcp.channel import TRIES, connect
from jobs.gcp.firestore import Firestore, FirestoreDeadLetterStore, FirestoreJobStore
from jobs.gcp.pubsub import PubsubQueue
from jobs.job.store import Filter
from jobs.settings.settings import Settings
from tests.calls import Fault, FaultyCalls
from tests.factories import KEEP_FOR, T0, a_job, some_settings

pytestmark = pytest.mark.usefixtures("impatient")

LOST = Fault.ON_THE_WAY


@pytest.fixture
def closed_port() -> Iterator[str]:
    """An address that nobody listens at, and nobody else can take meanwhile."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{unused.getsockname()[1]}"


@pytest.fixture
def channel(closed_port: str, faulty: FaultyCalls) -> Iterator[grpc.Channel]:
    """A line that leads nowhere, on which calls may be made to fail in other ways."""
    with connect("any", closed_port) as made:
        yield grpc.intercept_channel(made, faulty)


@pytest.fixture
def firestore(channel: grpc.Channel) -> Firestore:
    return Firestore(channel, some_settings())


@pytest.fixture
def store(firestore: Firestore) -> FirestoreJobStore:
    return FirestoreJobStore(firestore)


@pytest.fixture
def queue(channel: grpc.Channel) -> PubsubQueue:
    return PubsubQueue(channel, some_settings())


CALLS: dict[str, Callable[[FirestoreJobStore], object]] = {
    "create": lambda store: store.create(a_job()),
    "create_all": lambda store: store.create_all([a_job(), a_job(id="other")]),
    "get": lambda store: store.get("any"),
    "get_all": lambda store: store.get_all(["any"]),
    "save": lambda store: store.save(a_job(dispatches=2), before=a_job()),
    "delete": lambda store: store.delete("any", a_job().version),
    "list_jobs": lambda store: store.list_jobs(Filter(), 10),
    "due": lambda store: store.due(0, T0 + KEEP_FOR, 10),
    "ping": lambda store: store.ping(),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "status",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.CANCELLED,
    ],
)
def test_a_store_that_does_not_come_back(
    store: FirestoreJobStore, faulty: FaultyCalls, call: str, status: grpc.StatusCode
) -> None:
    """What may pass is tried again, so often and no more; then the store is out of reach."""
    tries = 1 if call == "ping" else TRIES
    faulty.status, faulty.faults = status, [LOST] * 100
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)
    assert len(faulty.faults) == 100 - tries


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "status",
    [
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNIMPLEMENTED,
    ],
)
def test_a_deployment_that_is_wrong(
    store: FirestoreJobStore, faulty: FaultyCalls, call: str, status: grpc.StatusCode
) -> None:
    """What does not pass is not tried again, and is nobody's conflict: the store is no use."""
    faulty.status, faulty.faults = status, [LOST] * 100
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)
    assert len(faulty.faults) == 99


@pytest.mark.parametrize("call", ["create", "create_all", "get_all", "list_jobs", "due"])
def test_a_database_that_is_not_there(
    store: FirestoreJobStore, faulty: FaultyCalls, call: str
) -> None:
    """A database that is not found is out of reach: no job exists, none is lost, none is empty."""
    faulty.status, faulty.faults = grpc.StatusCode.NOT_FOUND, [LOST]
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)


def test_a_letter_is_not_lost(firestore: Firestore, faulty: FaultyCalls) -> None:
    """A dead letter that could not be kept is not taken for one that is kept already."""
    dead_letters = FirestoreDeadLetterStore(firestore)
    dead_letter = DeadLetter(id="1", created_at=T0, reason=Reason.UNDECODABLE, detail="", data="")
    for status in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.PERMISSION_DENIED):
        faulty.status, faulty.faults = status, [LOST]
        with pytest.raises(StoreUnavailable):
            dead_letters.add(dead_letter)


@pytest.mark.parametrize("call", CALLS)
def test_nobody_listens(store: FirestoreJobStore, call: str) -> None:
    """A store that nobody listens for is out of reach, and that is said at once."""
    with pytest.raises(StoreUnavailable):
        CALLS[call](store)


# The queue


@pytest.mark.parametrize(
    ("status", "tries"),
    [
        (grpc.StatusCode.UNAVAILABLE, 2),
        (grpc.StatusCode.DEADLINE_EXCEEDED, 2),
        (grpc.StatusCode.NOT_FOUND, 1),
        (grpc.StatusCode.PERMISSION_DENIED, 1),
    ],
)
def test_a_queue_that_does_not_come_back(
    queue: PubsubQueue, faulty: FaultyCalls, status: grpc.StatusCode, tries: int
) -> None:
    """A queue that refuses, or does not answer twice, is out of reach."""
    faulty.status, faulty.faults = status, [LOST] * 10
    with pytest.raises(QueueUnavailable):
        queue.dispatch([JobMessage.to(a_job())])
    assert len(faulty.faults) == 10 - tries


def test_nobody_listens_for_job_messages(queue: PubsubQueue) -> None:
    """A queue that nobody listens for is out of reach, and that is said at once."""
    with pytest.raises(QueueUnavailable):
        queue.dispatch([JobMessage.to(a_job())])
    with pytest.raises(QueueUnavailable):
        queue.ping()


@pytest.mark.emulators
def test_a_topic_that_is_not_there(pubsub_channel: grpc.Channel, emulated: Settings) -> None:
    """A topic that was not made is no queue."""
    queue = PubsubQueue(pubsub_channel, emulated)
    with pytest.raises(QueueUnavailable, match="NOT_FOUND"):
        queue.dispatch([JobMessage.to(a_job())])
    with pytest.raises(QueueUnavailable, match="NOT_FOUND"):
        queue.ping()
