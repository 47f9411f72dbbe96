"""From an event to everybody who is to be told, also by a worker that dies on the way."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from jobs.errors import QueueUnavailable, StoreUnavailable, UndecodableEvent
from jobs.events.model import Event
from jobs.gcp.firestore.changes import DocumentChange
from jobs.job import transitions
from jobs.job.model import Job, Status
from jobs.job.store import Filter
from tests.factories import KEEP_FOR
from tests.handlers.web import Web
from tests.worker.delivery_harness import Harness
from worker.events.cloud_events import CloudEvent
from worker.events.fan_out import NEXT_TRY, event_named_in

MINUTE = timedelta(minutes=1)


class Killed(BaseException):
    """What a process that is killed does not live to see."""


class Life:
    """Ends at the step that it is given; steps are before and after every call of a port."""

    def __init__(self, last_step: int | None = None) -> None:
        self.last_step = last_step
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.last_step:
            raise Killed

    def of(self, part: Any) -> Any:
        return Mortal(part, self)


class Mortal:
    """A port of a process whose life may end with any call."""

    def __init__(self, part: Any, life: Life) -> None:
        self._part = part
        self._life = life

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._part, name)

        def call(*arguments: Any, **named: Any) -> Any:
            self._life.step()
            result = method(*arguments, **named)
            self._life.step()
            return result

        return call


@pytest.fixture
def web() -> Iterator[Web]:
    with Web().serving() as serving:
        for path in ("/one", "/two", "/notify"):
            serving.answer(path)
        yield serving


def _house(web: Web, life: Life) -> Harness:
    """Two webhooks and the events topic listen, and the job names a URL of its own."""
    harness = Harness(frozenset({web.host_and_port}), wrap=life.of, publishes=True)
    harness.hook(web.url("/one"), id="1" * 32)
    harness.hook(web.url("/two"), id="2" * 32)
    return harness


def _save_and_tell(harness: Harness, web: Web) -> None:
    """What a worker does from a job's last save on: the first step is that save."""
    job = harness.jobs.create(_running(harness, web))
    done = transitions.succeed(job, harness.clock.now(), "{}", keep_for=KEEP_FOR)
    harness.store.save(done, before=job)
    harness.tell()


def _running(harness: Harness, web: Web) -> Job:
    now = harness.clock.now()
    return Job(
        id="f" * 32,
        type="test.echo",
        owner="user:ada@example.com",
        payload=b"{}",  # type: ignore[arg-type]
        max_attempts=3,
        created_at=now,
        run_at=now,
        started_at=now,
        wake_at=now + MINUTE,
        attempt=1,
        status=Status.RUNNING,
        worker="w",
        notify=web.url("/notify"),
    )


def _steps() -> int:
    life = Life()
    with Web().serving() as web:
        _save_and_tell(_house(web, life), web)
    return life.steps


STEPS = _steps()


def test_the_walk_is_a_long_one() -> None:
    """There are that many moments to die in: before and after each call of a store or queue."""
    assert STEPS >= 20


@pytest.mark.parametrize("last_step", range(1, STEPS + 1))
def test_killed_anywhere(web: Web, last_step: int) -> None:
    """Whenever the worker is killed after the last save, all deliveries arrive, each under one id.

    A worker that is killed before the save leaves the job as it was, and nothing is told.
    """
    life = Life(last_step)
    harness = _house(web, life)
    with pytest.raises(Killed):
        _save_and_tell(harness, web)
    life.last_step = None
    saved = harness.jobs.get("f" * 32)
    assert saved
    if not saved.is_terminal:
        assert harness.untold() == []
        return
    # Nobody calls again: the next sweep finds what is left.
    harness.clock.sleep(61)
    harness.fan_out.sweep()
    harness.fan_out.sweep()
    assert harness.untold() == []
    harness.finish()
    arrived = Counter(request.path for request in web.received)
    assert arrived == {"/one": 1, "/two": 1, "/notify": 1}
    ids = {request.headers["webhook-id"] for request in web.received}
    published = {event.id for event in harness.told.published}
    assert len(ids) == 1
    assert published == ids
    deliveries = [job for job in harness.all_jobs() if job.type == "webhook.deliver"]
    assert [job.status for job in deliveries] == [Status.SUCCEEDED] * 3


def test_told_twice(web: Web) -> None:
    """An event that Eventarc delivers again, before or after it was told, makes nothing twice."""
    harness = _house(web, Life())
    harness.submit()
    harness.answer()
    (event,) = harness.untold()
    harness.fan_out.tell(event.id)
    harness.jobs.events.keep(event)
    harness.fan_out.tell(event.id)
    harness.fan_out.tell(event.id)
    harness.finish()
    assert Counter(request.path for request in web.received) == {"/one": 1, "/two": 1}


def test_the_topic(web: Web) -> None:
    """The end of each job goes to the topic with its message; deliveries and retries don't."""
    harness = _house(web, Life())
    harness.done()
    (event,) = harness.told.published
    told = json.loads(event.message)
    assert (told["version"], told["type"], told["id"]) == (1, "job.succeeded", event.id)
    assert all(job.status is Status.SUCCEEDED for job in harness.jobs.list_jobs(Filter(), 9))


def test_the_sweep_leaves_what_is_fresh(web: Web) -> None:
    """An event less than a minute old is left to the call that is on its way."""
    harness = _house(web, Life())
    harness.submit()
    harness.answer()
    assert harness.fan_out.sweep() == 0
    harness.clock.sleep(61)
    assert harness.fan_out.sweep() == 1
    assert harness.fan_out.sweep() == 0


def test_a_fault_that_passes(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where store or queue are away, the call is refused, and the sweep tries again each time."""
    harness = _house(web, Life())
    harness.submit()
    harness.answer()
    (event,) = harness.untold()

    def away(_event: Event) -> None:
        raise QueueUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(harness.told, "publish", away)
        with pytest.raises(QueueUnavailable):
            harness.fan_out.tell(event.id)
        harness.clock.sleep(61)
        assert harness.fan_out.sweep() == 0
    assert harness.fan_out.sweep() == 1


def test_a_fault_that_stays(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    """An event that can't be told is said in the log, waits for an hour, and holds up no other."""
    harness = _house(web, Life())
    harness.jobs.events.keep(_untellable(harness))
    harness.submit()
    harness.answer()
    harness.clock.sleep(61)
    assert harness.fan_out.sweep() == 1
    assert "event.dispatch_failed" in caplog.text
    (left,) = harness.untold()
    assert left.wake_at == harness.clock.now() + NEXT_TRY
    assert harness.fan_out.sweep() == 0


def _untellable(harness: Harness) -> Event:
    """One whose message no job can carry."""
    now = harness.clock.now()
    return Event(
        id="evt_large",
        type="job.failed",  # type: ignore[arg-type]
        owner="user:ada@example.com",
        created_at=now,
        message="x" * 300_000,
        wake_at=now,
        expire_at=now + timedelta(days=7),
        webhooks=("1" * 32,),
    )


def test_a_sweep_without_a_store(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that can't ask for events ends quietly: jobs are dispatched all the same."""
    harness = _house(web, Life())

    def away(*_: object) -> list[Event]:
        raise StoreUnavailable

    monkeypatch.setattr(harness.jobs.events, "due", away)
    assert harness.fan_out.sweep() == 0


def test_whose_event_it_is() -> None:
    """Only documents of Dormouse's own collection are events to tell."""

    def told(data: object) -> CloudEvent:
        return CloudEvent(id="1", source="s", type="created", attributes={}, data=data)

    change = DocumentChange(path="events/evt_1", after={}, before=None)
    assert event_named_in(told(change)) == "evt_1"
    for wrong in ("orders/1", "events", "events/", ""):
        with pytest.raises(UndecodableEvent):
            event_named_in(told(DocumentChange(path=wrong, after={}, before=None)))
    with pytest.raises(UndecodableEvent):
        event_named_in(told({"bucket": "b"}))
