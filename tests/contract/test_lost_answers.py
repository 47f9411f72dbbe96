"""Changes whose request or answer was lost: sent twice, and made once."""

import grpc
import pytest

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import JobExists, VersionConflict
from jobs.gcp.firestore import (
    Firestore,
    FirestoreDeadLetterStore,
    FirestoreEventStore,
    FirestoreJobStore,
    FirestoreWebhookStore,
)
from jobs.gcp.pubsub import PubsubQueue
from jobs.job.model import Job
from jobs.settings.settings import Settings
from tests.calls import CountedCalls, Fault, FaultyCalls
from tests.contract.conftest import Bell
from tests.factories import T0, a_job, a_webhook, an_event

pytestmark = [pytest.mark.emulators, pytest.mark.usefixtures("impatient")]


@pytest.fixture
def store(
    firestore_channel: grpc.Channel,
    emulated: Settings,
    faulty: FaultyCalls,
    counted: CountedCalls,
) -> FirestoreJobStore:
    """A store on a line that may be made to fail. What is lost on the way is not counted."""
    channel = grpc.intercept_channel(firestore_channel, faulty, counted)
    return FirestoreJobStore(Firestore(channel, emulated))


@pytest.mark.parametrize("fault", Fault)
def test_create(
    store: FirestoreJobStore, faulty: FaultyCalls, counted: CountedCalls, fault: Fault
) -> None:
    """A job whose creation had to be sent twice is created once, and its version is good."""
    faulty.faults = [fault]
    kept = store.create(a_job())
    assert store.get(kept.id) == kept
    store.save(kept.evolve(dispatches=2), before=kept)
    # Only a change that was refused the second time is looked at.
    assert counted.methods["BatchGetDocuments"] == (fault is Fault.ON_THE_WAY_BACK)


@pytest.mark.parametrize("fault", Fault)
def test_create_all(store: FirestoreJobStore, faulty: FaultyCalls, fault: Fault) -> None:
    """A batch whose creation had to be sent twice is created once."""
    faulty.faults = [fault, fault]
    kept = store.create_all([a_job(id=f"job-{number}") for number in range(5)])
    assert store.get_all([job.id for job in kept]) == {job.id: job for job in kept}


@pytest.mark.parametrize("fault", Fault)
def test_save(store: FirestoreJobStore, faulty: FaultyCalls, fault: Fault) -> None:
    """A change that had to be sent twice is made once, and its version is good."""
    job = store.create(a_job())
    faulty.faults = [fault]
    kept = store.save(job.evolve(dispatches=2), before=job)
    assert store.get(job.id) == kept
    assert store.save(kept.evolve(dispatches=3), before=kept).dispatches == 3


@pytest.mark.parametrize("fault", Fault)
def test_webhooks(
    firestore_channel: grpc.Channel, emulated: Settings, faulty: FaultyCalls, fault: Fault
) -> None:
    """A webhook whose change had to be sent twice is changed once, and its version is good."""
    channel = grpc.intercept_channel(firestore_channel, faulty)
    webhooks = FirestoreWebhookStore(Firestore(channel, emulated))
    faulty.faults = [fault]
    made = webhooks.create(a_webhook())
    faulty.faults = [fault]
    kept = webhooks.save(made.evolve(description="new"), before=made, event=an_event())
    assert webhooks.get(made.id) == kept
    faulty.faults = [fault]
    webhooks.delete(kept)
    assert webhooks.get(made.id) is None


def test_save_with_an_event_that_was_told_meanwhile(
    store: FirestoreJobStore,
    firestore_events: FirestoreEventStore,
    faulty: FaultyCalls,
) -> None:
    """A change is recognised as one's own although its event has been told and removed by then."""
    job, event = store.create(a_job()), an_event()
    told = []

    def tell() -> None:
        told.append(firestore_events.get(event.id))
        firestore_events.delete(event.id)

    faulty.faults, faulty.meanwhile = [Fault.ON_THE_WAY_BACK], tell
    kept = store.save(job.evolve(dispatches=2), before=job, event=event)
    assert told == [event]
    assert store.get(job.id) == kept
    assert firestore_events.get(event.id) is None


@pytest.mark.parametrize("fault", Fault)
def test_delete(store: FirestoreJobStore, faulty: FaultyCalls, fault: Fault) -> None:
    """A deletion that had to be sent twice is no conflict with itself."""
    job = store.create(a_job())
    faulty.faults = [fault]
    store.delete(job.id, job.version)
    assert store.get(job.id) is None


def test_somebody_else_created_it(
    store: FirestoreJobStore, firestore: FirestoreJobStore, faulty: FaultyCalls
) -> None:
    """A creation that was lost on the way is not mistaken for one by somebody else."""
    faulty.faults = [Fault.ON_THE_WAY]
    faulty.meanwhile = lambda: firestore.create(a_job(dispatches=7))
    with pytest.raises(JobExists):
        store.create(a_job())
    kept = firestore.get(a_job().id)
    assert kept
    assert kept.dispatches == 7


def test_somebody_else_created_one_of_them(
    store: FirestoreJobStore, firestore: FirestoreJobStore, faulty: FaultyCalls
) -> None:
    """A batch that was lost on the way and met one of its jobs made nothing."""
    faulty.faults = [Fault.ON_THE_WAY]
    faulty.meanwhile = lambda: firestore.create(a_job(id="job-1"))
    with pytest.raises(JobExists):
        store.create_all([a_job(id="job-0"), a_job(id="job-1")])
    assert firestore.get("job-0") is None


@pytest.mark.parametrize("fault", Fault)
def test_somebody_else_changed_it(
    store: FirestoreJobStore, firestore: FirestoreJobStore, faulty: FaultyCalls, fault: Fault
) -> None:
    """Who finds somebody else's change in the place of their own has lost the job."""
    job = store.create(a_job())

    def change() -> Job:
        latest = firestore.get(job.id)
        assert latest
        return firestore.save(latest.evolve(dispatches=7), before=latest)

    faulty.faults, faulty.meanwhile = [fault], change
    with pytest.raises(VersionConflict):
        store.save(job.evolve(worker="mine"), before=job)
    kept = firestore.get(job.id)
    assert kept
    assert kept.dispatches == 7


def test_somebody_else_changed_what_was_to_be_deleted(
    store: FirestoreJobStore, firestore: FirestoreJobStore, faulty: FaultyCalls
) -> None:
    """A deletion that was lost on the way does not delete what was changed since."""
    job = store.create(a_job())
    faulty.faults = [Fault.ON_THE_WAY]
    faulty.meanwhile = lambda: firestore.save(job.evolve(dispatches=7), before=job)
    with pytest.raises(VersionConflict):
        store.delete(job.id, job.version)
    assert firestore.get(job.id)


def test_a_conflict_is_not_repeated(
    store: FirestoreJobStore, firestore: FirestoreJobStore, counted: CountedCalls
) -> None:
    """A change that is refused the first time is a conflict, without a repetition or a read."""
    job = store.create(a_job())
    firestore.save(job.evolve(dispatches=7), before=job)
    counted.clear()
    with pytest.raises(VersionConflict):
        store.save(job.evolve(dispatches=2), before=job)
    with pytest.raises(JobExists):
        store.create(job)
    assert counted.methods == {"Commit": 2}


@pytest.mark.parametrize("fault", Fault)
def test_letters(
    firestore_channel: grpc.Channel, emulated: Settings, faulty: FaultyCalls, fault: Fault
) -> None:
    """A dead letter that had to be sent twice is kept once, and deleted once."""
    channel = grpc.intercept_channel(firestore_channel, faulty)
    dead_letters = FirestoreDeadLetterStore(Firestore(channel, emulated))
    dead_letter = DeadLetter(
        id="1", created_at=T0, reason=Reason.UNDECODABLE, detail="garbage", data=""
    )
    faulty.faults = [fault]
    dead_letters.add(dead_letter)
    assert dead_letters.list_dead_letters(10) == [dead_letter]
    faulty.faults = [fault]
    dead_letters.delete(dead_letter.id)
    assert dead_letters.list_dead_letters(10) == []


@pytest.mark.parametrize("fault", Fault)
def test_dispatch(
    pubsub_bell: Bell,
    pubsub_channel: grpc.Channel,
    emulated: Settings,
    faulty: FaultyCalls,
    fault: Fault,
) -> None:
    """A job message that may have been lost is sent again: better twice than not at all."""
    queue = PubsubQueue(grpc.intercept_channel(pubsub_channel, faulty), emulated)
    faulty.faults = [fault]
    queue.dispatch([JobMessage.to(a_job())])
    copies = 1 if fault is Fault.ON_THE_WAY else 2
    assert len(pubsub_bell.take(copies)) == copies
