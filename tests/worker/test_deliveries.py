"""Deliveries to a real receiver, which verifies them with the published library.

Each test of an answer is a line of the table in docs/webhooks.md.
"""

import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook as Published

from handlers import webhook_deliver
from handlers.webhook_deliver import RETRY
from jobs.context import Link
from jobs.events.model import DELIVERY, EventType
from jobs.job import transitions
from jobs.job.model import AttemptOutcome as Ended
from jobs.job.model import Job, Status
from jobs.job.store import Filter
from jobs.runtime import Runtime
from jobs.webhooks.delivery import owner_of_notification, owner_of_webhook
from jobs.webhooks.health import MOST_WAITING
from jobs.webhooks.model import DisabledReason, Webhook
from jobs.webhooks.signing import new_secret
from tests.factories import KEEP_FOR, a_job, a_webhook
from tests.handlers.web import Received, Web
from tests.worker.delivery_harness import ADA, Harness
from worker.attempts.outcome import HandlerOutcome
from worker.processes.run import Task
from worker.waiting_deliveries import WaitingDeliveries

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
OTHER_SECRET = new_secret(lambda count: b"x" * count)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web().serving() as serving:
        serving.answer("/hook")
        yield serving


@pytest.fixture
def harness(web: Web) -> Harness:
    return Harness(frozenset({web.host_and_port}))


@pytest.fixture
def hook(harness: Harness, web: Web) -> Webhook:
    return harness.hook(web.url("/hook"))


def _verified(request: Received, secret: str = a_webhook().secrets.current) -> dict[str, object]:
    """What the published library makes of a request. Raises if it is not signed."""
    verified: dict[str, object] = Published(secret).verify(request.body, dict(request.headers))
    return verified


def _statuses(web: Web, *statuses: int, **headers: str) -> None:
    """Answer these one after the other, and the last for ever."""
    left = list(statuses)

    def handle(request: BaseHTTPRequestHandler) -> None:
        status = left.pop(0) if len(left) > 1 else left[0]
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", "0")
        request.end_headers()

    web.handle("/hook", handle)


def _only(jobs: list[Job] | tuple[Job, ...]) -> Job:
    (job,) = jobs
    return job


def _waits(job: Job) -> list[timedelta]:
    """From each attempt to the next."""
    starts = [attempt.started_at for attempt in job.attempts]
    return [later - earlier for earlier, later in pairwise(starts)]


def test_2xx(harness: Harness, web: Web, hook: Webhook) -> None:
    """A success is delivered once, signed, with the job in its body."""
    job = harness.submit(labels={"team": "blue"})
    harness.finish()
    (request,) = web.received
    told = _verified(request)
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == told["id"]
    assert told["type"] == "job.succeeded"
    assert isinstance(told["data"], dict)
    assert told["data"]["id"] == job.id
    assert told["data"]["labels"] == {"team": "blue"}
    assert told["data"]["result"] == {"text": "hello", "seconds": 0.0}
    delivery = _only(tuple(harness.deliveries(hook)))
    assert delivery.status is Status.SUCCEEDED
    assert harness.webhook(hook) == hook


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_any_2xx(harness: Harness, web: Web, hook: Webhook, status: int) -> None:
    """Every status from 200 to 299 is a success."""
    _statuses(web, status)
    harness.done()
    assert len(web.received) == 1
    assert _only(tuple(harness.deliveries(hook))).status is Status.SUCCEEDED


def test_both_secrets_sign_for_a_day(harness: Harness, web: Web, hook: Webhook) -> None:
    """After a rotation both secrets verify for a day, and then the new one only."""
    now = harness.clock.now()
    rotated = hook.secrets.rotated(OTHER_SECRET, now)
    harness.webhooks.save(hook.evolve(secrets=rotated), before=hook)
    harness.done()
    harness.clock.moment = now + timedelta(days=1)
    harness.done()
    first, second = web.received
    assert len(first.headers["webhook-signature"].split(" ")) == 2
    assert _verified(first) == _verified(first, OTHER_SECRET)
    assert _verified(second, OTHER_SECRET)
    assert len(second.headers["webhook-signature"].split(" ")) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 500, 503])
def test_failures_are_tried_again(harness: Harness, web: Web, hook: Webhook, status: int) -> None:
    """Whatever is no 2xx is tried again, under the same id and with the same body."""
    _statuses(web, status, 200)
    before = harness.clock.now()
    job = harness.submit()
    harness.answer()
    harness.tell()
    harness.answer()
    first, second = web.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert _verified(first) == _verified(second)
    delivery = _only(tuple(harness.deliveries(hook)))
    assert [one.outcome for one in delivery.attempts] == [Ended.FAILED, Ended.SUCCEEDED]
    error = delivery.attempts[0].error
    assert error
    assert error.message == f"127.0.0.1 answered {status}."
    assert _waits(delivery) == [5 * SECOND]
    assert harness.webhook(hook).failing_since is None
    assert harness.clock.now() - before >= 5 * SECOND
    assert harness.jobs.get(job.id)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_3xx_is_a_failure(harness: Harness, web: Web, hook: Webhook, status: int) -> None:
    """No redirect is followed: the other place hears nothing, and the webhook is tried again."""
    web.answer("/elsewhere")
    _statuses(web, status, 200, Location=web.url("/elsewhere"))
    harness.done()
    assert [request.path for request in web.received] == ["/hook", "/hook"]
    delivery = _only(tuple(harness.deliveries(hook)))
    assert [one.outcome for one in delivery.attempts] == [Ended.FAILED, Ended.SUCCEEDED]


def test_given_up_after_a_day(harness: Harness, web: Web, hook: Webhook) -> None:
    """A receiver that always fails is tried eight times over some 28 hours, and no more."""
    _statuses(web, 500)
    harness.done()
    delivery = _only(tuple(harness.deliveries(hook)))
    assert delivery.status is Status.FAILED
    assert len(web.received) == 8
    assert len({request.headers["webhook-id"] for request in web.received}) == 1
    expected = [timedelta(seconds=seconds) for seconds in RETRY.delays_seconds]
    waits = _waits(delivery)
    assert len(waits) == 7
    for wait, least in zip(waits, expected, strict=True):
        assert least <= wait < least + 2 * timedelta(minutes=1)
    assert timedelta(hours=27) < sum(waits, timedelta()) < timedelta(hours=29)
    webhook = harness.webhook(hook)
    assert webhook.enabled
    assert webhook.failing_since == delivery.attempts[0].ended_at


def test_a_hanging_receiver(
    harness: Harness, web: Web, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who does not answer in time has failed, and is tried again."""
    monkeypatch.setattr(webhook_deliver, "TIMEOUT", timedelta(seconds=0.2))
    free = threading.Event()

    def hang(_request: BaseHTTPRequestHandler) -> None:
        free.wait(30)

    web.handle("/hook", hang)
    answer = harness.here.run

    def once(task: Task, link: Link) -> HandlerOutcome:
        """It recovers after the first attempt."""
        outcome = answer(task, link)
        if task.job_type == DELIVERY:
            web.answer("/hook")
        return outcome

    monkeypatch.setattr(harness.here, "run", once)
    harness.done()
    free.set()
    delivery = _only(tuple(harness.deliveries(hook)))
    assert [one.outcome for one in delivery.attempts] == [Ended.FAILED, Ended.SUCCEEDED]
    error = delivery.attempts[0].error
    assert error
    assert error.type == "TimedOut"


def test_nobody_there(harness: Harness, web: Web) -> None:
    """A receiver that can't be reached at all is tried again as well."""
    with Web().serving() as gone:
        url, host = gone.url("/hook"), gone.host_and_port
    harness = Harness(frozenset({host}))
    hook = harness.hook(url)
    harness.done()
    assert web.received == []
    delivery = _only(tuple(harness.deliveries(hook)))
    assert (delivery.status, len(delivery.attempts)) == (Status.FAILED, 8)


def test_410(harness: Harness, web: Web, hook: Webhook) -> None:
    """410 switches the webhook off at once; its owner's other webhooks are told."""
    _statuses(web, 410)
    web.answer("/other")
    other = harness.hook(web.url("/other"), id="e" * 32, events=(EventType.WEBHOOK_DISABLED,))
    foreign = harness.hook(web.url("/foreign"), id="d" * 32, owner="user:bob@example.com")
    harness.done()
    gone = harness.webhook(hook)
    assert (gone.enabled, gone.disabled_reason) == (False, DisabledReason.GONE)
    assert [request.path for request in web.received] == ["/hook", "/other"]
    told = _verified(web.received[1])
    assert told["type"] == "webhook.disabled"
    assert isinstance(told["data"], dict)
    assert (told["data"]["id"], told["data"]["disabled_reason"]) == (hook.id, "gone")
    harness.done()
    assert [request.path for request in web.received] == ["/hook", "/other"]
    assert len(harness.deliveries(hook)) == 1
    assert len(harness.deliveries(other)) == 1
    assert harness.deliveries(foreign) == []


def test_what_waits_for_a_webhook_that_is_off(harness: Harness, web: Web, hook: Webhook) -> None:
    """A delivery that was on its way when its webhook was switched off fails without a call."""
    _statuses(web, 500, 200)
    harness.submit()
    harness.answer()
    harness.tell()
    harness.webhooks.save(hook.evolve(enabled=False), before=hook)
    harness.finish()
    assert web.received == []
    delivery = _only(tuple(harness.deliveries(hook)))
    assert (delivery.status, len(delivery.attempts)) == (Status.FAILED, 1)
    assert delivery.error
    assert delivery.error.message == "The webhook is switched off."


def test_a_deleted_webhook(harness: Harness, web: Web, hook: Webhook) -> None:
    """A delivery to a webhook that is gone fails without a call."""
    harness.submit()
    harness.answer()
    harness.tell()
    harness.webhooks.delete(hook)
    harness.finish()
    assert web.received == []
    delivery = _only(tuple(harness.deliveries(hook)))
    assert delivery.status is Status.FAILED


@pytest.mark.parametrize(
    ("status", "asked", "pause"),
    [(429, "120", 120), (429, None, 60), (502, None, 60), (504, "90", 90)],
)
def test_throttled(
    harness: Harness, web: Web, hook: Webhook, status: int, asked: str | None, pause: int
) -> None:
    """An overloaded receiver gets nothing for a while, from no delivery; waiting costs none."""
    _statuses(web, status, 200, **({"Retry_After": asked} if asked else {}))
    harness.submit()
    harness.answer()
    harness.tell()
    harness.answer()
    start = harness.clock.now()
    until = harness.webhook(hook).throttled_until
    assert until == start + pause * SECOND
    assert len(web.received) == 1
    harness.clock.sleep(1)
    harness.submit()
    harness.answer()
    harness.tell()
    harness.answer()
    assert len(web.received) == 1
    harness.finish()
    assert len(web.received) == 3
    first, second = harness.deliveries(hook)
    assert (len(first.attempts), len(second.attempts)) == (2, 1)
    assert _waits(first)[0] >= pause * SECOND
    assert second.attempts[0].started_at >= until
    assert harness.webhook(hook).throttled_until is None
    assert harness.webhook(hook).failing_since is None


def test_retry_after_of_another_status(harness: Harness, web: Web, hook: Webhook) -> None:
    """A 503 with `Retry-After` is tried again when it says, and no other delivery waits for it."""
    _statuses(web, 503, 200, Retry_After="600")
    harness.submit()
    harness.answer()
    harness.tell()
    harness.answer()
    assert harness.webhook(hook).throttled_until is None
    harness.finish()
    delivery = _only(tuple(harness.deliveries(hook)))
    assert _waits(delivery)[0] >= 600 * SECOND


def test_switched_off_after_days_of_failure(
    harness: Harness, web: Web, hook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    """Five days of nothing but failure switch a webhook off; the log and the other ones say so."""
    web.answer("/other")
    _statuses(web, 500)
    harness.hook(web.url("/other"), id="e" * 32, events=(EventType.WEBHOOK_DISABLED,))
    days = 0
    with caplog.at_level(logging.WARNING):
        while harness.webhook(hook).enabled:
            harness.done()
            days += 1
    off = harness.webhook(hook)
    assert off.disabled_reason is DisabledReason.FAILING
    assert off.failing_since
    assert timedelta(days=5) <= harness.clock.now() - off.failing_since < timedelta(days=7)
    assert 4 <= days <= 6
    assert "webhook.disabled" in caplog.text
    (told,) = [request for request in web.received if request.path == "/other"]
    assert json.loads(told.body)["data"]["disabled_reason"] == "failing"
    assert hook.secrets.current not in told.body.decode()


def test_switched_off_when_too_many_wait(harness: Harness, web: Web, hook: Webhook) -> None:
    """A receiver that fails can't have its owner's events pile up without end."""
    object.__setattr__(harness.runner, "waiting", lambda _: MOST_WAITING)
    _statuses(web, 500)
    harness.done()
    off = harness.webhook(hook)
    assert off.disabled_reason is DisabledReason.BACKLOG
    assert off.failing_since
    assert harness.clock.now() - off.failing_since < timedelta(days=2)


def test_one_that_takes_them_is_not_counted(harness: Harness, web: Web, hook: Webhook) -> None:
    """What counts is that it fails, not that many wait."""
    object.__setattr__(harness.runner, "waiting", None)
    _statuses(web, 200)
    harness.done()
    assert harness.webhook(hook).enabled


def test_waiting_deliveries_are_counted_now_and_then(harness: Harness, hook: Webhook) -> None:
    """Once in ten seconds for each webhook, and only those that have not ended."""
    waiting = WaitingDeliveries(harness.jobs, Runtime(now=harness.clock.now))
    assert waiting.of(hook.id) == 0
    owner = owner_of_webhook(hook.id)
    harness.jobs.create(a_job(id="1" * 32, owner=owner))
    harness.jobs.create(a_job(id="2" * 32, owner=owner, status=Status.SUCCEEDED))
    assert waiting.of(hook.id) == 0
    harness.clock.moment += timedelta(seconds=10)
    assert waiting.of(hook.id) == 1
    assert waiting.of("f" * 32) == 0


def test_one_success_in_between(harness: Harness, web: Web, hook: Webhook) -> None:
    """A receiver that takes something now and then is not switched off."""
    for _ in range(4):
        _statuses(web, 500)
        harness.done()
        harness.done()
        _statuses(web, 200)
        harness.done()
    assert harness.webhook(hook).enabled


def test_a_place_that_is_not_public(harness: Harness, web: Web) -> None:
    """Where a URL leads is checked when it is called: what is not public is never reached."""
    hook = harness.hook("https://10.1.2.3/hook")
    plain = harness.hook("http://example.com/hook", id="e" * 32)
    harness.done()
    assert web.received == []
    for one in (hook, plain):
        delivery = _only(tuple(harness.deliveries(one)))
        assert (delivery.status, len(delivery.attempts)) == (Status.FAILED, 1)


def test_filters(harness: Harness, web: Web) -> None:
    """A webhook hears the events, types and labels that it asked for, of its owner's jobs."""
    wanted = {"team": "blue"}
    heard = harness.hook(web.url("/hook"), labels=wanted, types=("test.*",))
    deaf: list[dict[str, Any]] = [
        {"types": ("other.*",)},
        {"events": (EventType.JOB_FAILED,)},
        {"labels": {"team": "red"}},
        {"owner": "user:bob@example.com"},
        {"enabled": False},
    ]
    for number, changes in enumerate(deaf):
        harness.hook(web.url("/hook"), id=f"{number:032x}", **changes)
    harness.submit(labels=wanted | {"more": "x"})
    harness.finish()
    assert len(web.received) == 1
    assert len(harness.deliveries(heard)) == 1


def test_what_is_told_is_no_reference(harness: Harness, web: Web, hook: Webhook) -> None:
    """What looks like a reference to a secret in a job's result is told as it is."""
    now = harness.clock.now()
    running = a_job(
        status=Status.RUNNING, owner=ADA, type="test.echo", started_at=now, wake_at=now + HOUR
    )
    kept = harness.jobs.create(running)
    result = '{"$secret":"api-key"}'
    done = transitions.succeed(kept, now, result, keep_for=KEEP_FOR)
    harness.store.save(done, before=kept)
    harness.finish()
    (request,) = web.received
    assert json.loads(request.body)["data"]["result"] == {"$secret": "api-key"}
    assert _only(tuple(harness.deliveries(hook))).status is Status.SUCCEEDED


def test_notify(harness: Harness, web: Web) -> None:
    """A job's own URL hears of its end, signed with its owner's key, which is made when needed."""
    job = harness.submit(notify=web.url("/hook"))
    harness.submit(notify=web.url("/hook"), owner="user:bob@example.com")
    harness.finish()
    key, bobs = (
        harness.webhooks.notify_key(ADA),
        harness.webhooks.notify_key("user:bob@example.com"),
    )
    assert key
    assert bobs
    assert key.secrets.current != bobs.secrets.current
    by_job = {json.loads(request.body)["data"]["id"]: request for request in web.received}
    assert _verified(by_job.pop(job.id), key.secrets.current)
    (other,) = by_job.values()
    assert _verified(other, bobs.secrets.current)
    deliveries = harness.jobs.list_jobs(Filter(owner=owner_of_notification(job.id)), 9)
    assert [one.status for one in deliveries] == [Status.SUCCEEDED]


def test_secrets_stay_where_they_are(
    harness: Harness, web: Web, hook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    """No job, job message, event, log line or error has a secret: only the task of an attempt."""
    _statuses(web, 500, 429, 410)
    seen: list[bytes] = []
    dispatch = harness.dispatched.dispatch

    def overheard(job_messages: list[object]) -> None:
        seen.extend(msgspec.json.encode(job_message) for job_message in job_messages)
        dispatch(job_messages)  # type: ignore[arg-type]

    harness.dispatched.dispatch = overheard  # type: ignore[method-assign, assignment]
    harness.hook(web.url("/other"), id="e" * 32, events=(EventType.WEBHOOK_DISABLED,))
    web.answer("/other", status=404)
    with caplog.at_level(logging.DEBUG):
        harness.submit(notify=web.url("/hook"))
        harness.answer()
        seen += [
            msgspec.json.encode(event)
            for event in harness.stores.events.due(harness.clock.now() + HOUR, 9)
        ]
        harness.finish()
    key = harness.webhooks.notify_key(ADA)
    assert key
    everything = [caplog.text.encode(), *seen, *map(msgspec.json.encode, harness.all_jobs())]
    tasks = b"".join(task.payload for task in harness.here.tasks)
    for secret in (hook.secrets.current, key.secrets.current):
        assert secret.encode() in tasks
        bare = secret.removeprefix("whsec_").rstrip("=").encode()
        assert not any(bare in text for text in everything)
