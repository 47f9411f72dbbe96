"""Which changes are told, to whom, and in which words."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from jobs.events.event_recording import AnnouncingJobStore
from jobs.events.message import MAX_RESULT_BYTES, job_message
from jobs.events.model import DELIVERY, EventType, event_id, of_change
from jobs.job import transitions
from jobs.job.model import Job, Progress, Status
from jobs.memory.jobs import MemoryJobStore
from tests.factories import KEEP_FOR, LEASE, MINUTE, T0, a_job, an_error

NOW = T0 + MINUTE


def _running(**changes: Any) -> Job:
    return a_job(status=Status.RUNNING, **changes)


def _fail(job: Job, **delay: Any) -> Job:
    return transitions.fail(job, NOW, an_error(), keep_for=KEEP_FOR, **{"delay": None} | delay)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            _running(),
            transitions.succeed(_running(), NOW, "{}", keep_for=KEEP_FOR),
            EventType.JOB_SUCCEEDED,
        ),
        (_running(), _fail(_running()), EventType.JOB_FAILED),
        (_running(), _fail(_running(), delay=MINUTE), EventType.JOB_RETRYING),
        (
            a_job(),
            transitions.give_up(a_job(), NOW, an_error(), keep_for=KEEP_FOR),
            EventType.JOB_FAILED,
        ),
        (
            a_job(),
            transitions.cancel(a_job(), NOW, keep_for=KEEP_FOR),
            EventType.JOB_CANCELLED,
        ),
        (
            _running(),
            transitions.cancel(_running(), NOW, keep_for=KEEP_FOR),
            EventType.JOB_CANCELLED,
        ),
        (
            _running(),
            transitions.lose_lease(_running(), T0 + LEASE, keep_for=KEEP_FOR),
            EventType.JOB_RETRYING,
        ),
        (
            _running(attempt=3),
            transitions.lose_lease(_running(attempt=3), T0 + LEASE, keep_for=KEEP_FOR),
            EventType.JOB_FAILED,
        ),
        (
            # As a claim does it: the lost attempt and the next one's start in one save.
            _running(),
            transitions.claim(
                transitions.lose_lease(_running(), T0 + LEASE, keep_for=KEEP_FOR),
                T0 + LEASE,
                lease=LEASE,
                worker="worker",
            ),
            EventType.JOB_RETRYING,
        ),
        (a_job(), transitions.claim(a_job(), NOW, lease=LEASE, worker="worker"), None),
        (a_job(), transitions.dispatch(a_job(), NOW), None),
        (_running(), transitions.report(_running(), Progress(fraction=0.5)), None),
        (_running(), transitions.remember(_running(), "{}"), None),
        (_running(), transitions.pause(_running(), NOW, MINUTE), None),
        (_running(), transitions.hand_back(_running(), NOW, keep_for=MINUTE), None),
        (
            a_job(status=Status.FAILED),
            transitions.retry(a_job(status=Status.FAILED), NOW),
            None,
        ),
    ],
)
def test_what_is_told(before: Job, after: Job, told: EventType | None) -> None:
    """Every end of a job is told, and every attempt that another follows; nothing else is."""
    change = of_change(before, after)
    assert (change and change.type) == told
    if change:
        assert change.at >= NOW


def test_what_happens_to_a_delivery_is_not_told() -> None:
    """A delivery that told of its own end would go round for ever."""
    running = _running(type=DELIVERY)
    assert of_change(running, _fail(running)) is None
    assert of_change(running, _fail(running, delay=MINUTE)) is None


class Heard:
    """Some webhooks that listen to certain events; counts how often they are looked for."""

    def __init__(self, *types: EventType) -> None:
        self.types = types
        self.asked = 0

    def __call__(self, event_type: EventType, _job: Job) -> Sequence[str]:
        self.asked += 1
        return ("a" * 32,) if event_type in self.types else ()


def _ended(store: MemoryJobStore, heard: Heard, *, publishes: bool = False, **job: Any) -> Job:
    announcing = AnnouncingJobStore(inner=store, listening=heard, publishes=publishes)
    kept = announcing.create(_running(**job))
    return announcing.save(_fail(kept), before=kept)


def test_nobody_listens() -> None:
    """A job that nobody listens to leaves no event; only its end makes anybody look."""
    store, heard = MemoryJobStore(), Heard(EventType.JOB_SUCCEEDED)
    announcing = AnnouncingJobStore(inner=store, listening=heard)
    job = announcing.create(a_job())
    job = announcing.save(transitions.claim(job, NOW, lease=LEASE, worker="w"), before=job)
    assert heard.asked == 0
    announcing.save(_fail(job), before=job)
    assert heard.asked == 1
    assert store.events.due(NOW + 1440 * MINUTE, 10) == []


def test_a_webhook_listens() -> None:
    """The event names who is to be told, and what; its id is fixed by the change."""
    store = MemoryJobStore()
    job = _ended(store, Heard(EventType.JOB_FAILED))
    (event,) = store.events.due(NOW + 2 * MINUTE, 10)
    assert (event.webhooks, event.notify, event.publish) == (("a" * 32,), None, False)
    assert event.owner == job.owner
    assert event.id == event_id(job.id, "1")
    assert event.wake_at == NOW + MINUTE
    told = msgspec.json.decode(event.message)
    assert {name: told[name] for name in ("version", "id", "type")} == {
        "version": 1,
        "id": event.id,
        "type": "job.failed",
    }
    assert told["data"]["status"] == "failed"
    assert told["data"]["error"] == {
        "code": "handler_error",
        "message": "it broke",
        "type": "ValueError",
    }


def test_the_job_names_a_url() -> None:
    """A job's own URL hears of its end, and of no attempt before."""
    store, heard = MemoryJobStore(), Heard()
    announcing = AnnouncingJobStore(inner=store, listening=heard)
    job = announcing.create(_running(notify="https://example.com/"))
    announcing.save(_fail(job, delay=MINUTE), before=job)
    assert store.events.due(NOW + 1440 * MINUTE, 10) == []
    _ended(store, heard, notify="https://example.com/", id="f" * 32)
    (event,) = store.events.due(NOW + 1440 * MINUTE, 10)
    assert event.notify == "https://example.com/"


def test_the_topic_hears_every_end() -> None:
    """Where there is an events topic, each end of a job goes to it, and no attempt before."""
    store = MemoryJobStore()
    announcing = AnnouncingJobStore(inner=store, listening=Heard(), publishes=True)
    job = announcing.create(_running())
    job = announcing.save(_fail(job, delay=MINUTE), before=job)
    assert store.events.due(NOW + 1440 * MINUTE, 10) == []
    announcing.save(transitions.cancel(job, NOW, keep_for=KEEP_FOR), before=job)
    (event,) = store.events.due(NOW + 1440 * MINUTE, 10)
    assert event.publish
    assert event.webhooks == ()


def _told(job: Job) -> dict[str, Any]:
    text = job_message("evt_1", EventType.JOB_SUCCEEDED, NOW, job)
    told: dict[str, Any] = msgspec.json.decode(text)["data"]
    return told


def test_a_message_is_thin() -> None:
    """A message has the result, but neither the payload nor what is kept of tracebacks."""
    told = _told(a_job(status=Status.SUCCEEDED))
    assert told["result"] == {"text": "hello", "times": 1, "rest": None}
    assert told["result_left_out"] is False
    assert told.keys().isdisjoint({"payload", "attempts", "checkpoint"})
    failed = _told(a_job(status=Status.FAILED, error=an_error()))
    assert "traceback" not in failed["error"]


@pytest.mark.parametrize(("size", "left_out"), [(MAX_RESULT_BYTES, False), (16_385, True)])
def test_a_large_result_is_left_out(size: int, left_out: bool) -> None:
    """A result beyond 16 KiB is to be fetched, and the message says so."""
    told = _told(a_job(status=Status.SUCCEEDED, result=f'"{"x" * (size - 2)}"'))
    assert told["result_left_out"] is left_out
    assert (told["result"] is None) is left_out


def test_event_ids_differ() -> None:
    """Each version of a job is left once, so each change has an id of its own."""
    ids = {event_id("a", "1"), event_id("a", "2"), event_id("b", "1"), event_id("a1", "")}
    assert len(ids) == 4
    assert all("." not in one for one in ids)
