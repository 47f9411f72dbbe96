"""What each operation costs: counted at the channel, on the emulators."""

import grpc
import pytest

from jobs.dispatch.queue import JobMessage
from jobs.gcp.firestore import Firestore, FirestoreDeadLetterStore, FirestoreJobStore
from jobs.gcp.pubsub import PubsubQueue
from jobs.job.store import Filter
from jobs.settings.settings import Settings
from tests.calls import CountedCalls
from tests.contract.conftest import Bell
from tests.factories import KEEP_FOR, T0, a_job

pytestmark = pytest.mark.emulators


@pytest.fixture
def store(
    firestore_channel: grpc.Channel, emulated: Settings, counted: CountedCalls
) -> FirestoreJobStore:
    channel = grpc.intercept_channel(firestore_channel, counted)
    return FirestoreJobStore(Firestore(channel, emulated))


def test_writes(store: FirestoreJobStore, counted: CountedCalls) -> None:
    """Create, save and delete cost one commit of one document each, and no read."""
    job = store.create(a_job())
    job = store.save(job.evolve(dispatches=2), before=job)
    store.delete(job.id, job.version)
    assert counted.methods == {"Commit": 3}
    assert counted.writes == 3


def test_a_batch(store: FirestoreJobStore, counted: CountedCalls) -> None:
    """Many jobs are created by one commit, and read by one call."""
    store.create_all([a_job(id=f"job-{number}") for number in range(50)])
    assert (counted.methods, counted.writes) == ({"Commit": 1}, 50)
    counted.clear()
    assert len(store.get_all([f"job-{number}" for number in range(50)])) == 50
    assert counted.methods == {"BatchGetDocuments": 1}


def test_nothing_costs_nothing(store: FirestoreJobStore, counted: CountedCalls) -> None:
    """To create or get no jobs calls nobody."""
    store.create_all([])
    store.get_all([])
    assert counted.methods == {}


def test_reads(store: FirestoreJobStore, counted: CountedCalls) -> None:
    """Get and list and due cost one call each."""
    job = store.create(a_job())
    counted.clear()
    store.get(job.id)
    store.list_jobs(Filter(owner=job.owner, label=("a", "b")), 10)
    store.due(job.shard, T0 + KEEP_FOR, 10)
    store.ping()
    assert counted.methods == {"GetDocument": 2, "RunQuery": 2}


def test_dispatches(
    pubsub_bell: Bell, pubsub_channel: grpc.Channel, emulated: Settings, counted: CountedCalls
) -> None:
    """Any number of job messages costs one publish, and none costs nothing."""
    queue = PubsubQueue(grpc.intercept_channel(pubsub_channel, counted), emulated)
    queue.dispatch([])
    assert counted.methods == {}
    queue.dispatch([JobMessage.to(a_job(id=f"job-{number}")) for number in range(20)])
    assert (counted.methods, counted.messages) == ({"Publish": 1}, 20)
    assert len(pubsub_bell.take(20)) == 20


def test_letters(
    firestore_letters: FirestoreDeadLetterStore,
    firestore_channel: grpc.Channel,
    emulated: Settings,
    counted: CountedCalls,
) -> None:
    """A list of dead letters costs one call."""
    channel = grpc.intercept_channel(firestore_channel, counted)
    dead_letters = FirestoreDeadLetterStore(Firestore(channel, emulated))
    assert dead_letters.list_dead_letters(10) == firestore_letters.list_dead_letters(10) == []
    assert counted.methods == {"RunQuery": 1}
