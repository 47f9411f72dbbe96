"""What every store of events promises, and the job store that writes them: over both of them."""

from datetime import timedelta

import pytest

from jobs.errors import VersionConflict
from jobs.events.model import Event, EventType, event_id
from jobs.events.store import EventStore
from jobs.job.model import SHARDS, Status
from jobs.job.store import JobStore
from tests.factories import GARBAGE_VERSION, MINUTE, T0, TRACEPARENT, a_job, an_event

SECOND = timedelta(seconds=1)


def _put(store: JobStore, event: Event) -> None:
    """Events come into the store with a change of a job only."""
    job = store.get(a_job().id) or store.create(a_job())
    store.save(job.evolve(dispatches=job.dispatches + 1), before=job, event=event)


@pytest.mark.parametrize(
    "event",
    [
        an_event(),
        an_event(
            type=EventType.JOB_RETRYING,
            message='{"text": "böse 🐭"}' * 1000,
            webhooks=("a" * 32, "b" * 32),
            notify="https://example.com/é?x=1",
            publish=True,
            job_id=a_job().id,
            job_type="words.say",
            trace=TRACEPARENT,
        ),
    ],
    ids=["small", "full"],
)
def test_kept_with_the_job(store: JobStore, events: EventStore, event: Event) -> None:
    """An event is kept exactly, together with the change that it tells of."""
    job = store.create(a_job())
    kept = store.save(a_job(status=Status.SUCCEEDED, version=job.version), job, event)
    assert store.get(job.id) == kept
    assert events.get(event.id) == event


def test_not_kept_without_the_job(store: JobStore, events: EventStore) -> None:
    """A change that is refused leaves no event behind."""
    job = store.create(a_job())
    store.save(job.evolve(dispatches=2), before=job)
    for before in (job, job.evolve(version=GARBAGE_VERSION), a_job(id="f" * 32)):
        with pytest.raises(VersionConflict):
            store.save(before.evolve(dispatches=3), before=before, event=an_event())
    assert events.get(an_event().id) is None
    assert events.due(T0 + timedelta(days=1), 10) == []


def test_due(store: JobStore, events: EventStore) -> None:
    """What is due comes first by the time, from every shard, at most so many; the rest waits."""
    waiting = [an_event(id=event_id(str(n)), wake_at=T0 + n * SECOND) for n in range(12)]
    assert len({event.shard for event in waiting}) > SHARDS // 2
    for event in reversed(waiting):
        _put(store, event)
    assert events.due(T0 + 10 * SECOND, 100) == waiting[:10]
    assert events.due(T0 + MINUTE, 3) == waiting[:3]
    assert events.due(T0, 100) == []


def test_postpone(store: JobStore, events: EventStore) -> None:
    """A postponed event is due at its new time, and otherwise as it was."""
    event = an_event(webhooks=("a" * 32,), publish=True)
    _put(store, event)
    events.postpone(event, T0 + 5 * MINUTE)
    assert events.due(T0 + 5 * MINUTE, 10) == []
    later = event.evolve(wake_at=T0 + 5 * MINUTE)
    assert events.due(T0 + 6 * MINUTE, 10) == [later]
    assert events.get(event.id) == later


def test_told(store: JobStore, events: EventStore) -> None:
    """An event that was told is gone; telling, or postponing, it again brings nothing back."""
    _put(store, an_event())
    events.delete(an_event().id)
    events.delete(an_event().id)
    events.postpone(an_event(), T0 + MINUTE)
    assert events.get(an_event().id) is None
    assert events.due(T0 + timedelta(days=1), 10) == []
