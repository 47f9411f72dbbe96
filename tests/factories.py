"""Builders that the tests share: a job, a clock, job types. A test says only what matters to it."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from jobs.context import Context
from jobs.events.model import DELIVERY, Event, EventType, event_id
from jobs.job.model import Attempt, AttemptOutcome, Job, JobError, Status, Version
from jobs.job.order import Order
from jobs.job.retry import RetryPolicy
from jobs.job.spec import JobSpec
from jobs.job_types import Registry, job_type
from jobs.runtime import Runtime
from jobs.schedules.model import Cron, Schedule
from jobs.settings.settings import Settings
from jobs.webhooks.delivery import WebhookDelivery, owner_of_webhook
from jobs.webhooks.model import Webhook
from jobs.webhooks.signing import SigningSecrets

T0 = datetime(2026, 3, 4, 5, 6, 7, 890123, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
KEEP_FOR = timedelta(days=7)
LEASE = timedelta(minutes=2)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class Clock:
    """Stands still until it is moved. `sleep` moves it, so nothing waits. Safe for threads."""

    def __init__(self, start: datetime = T0) -> None:
        self._now = start
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        return self._now

    def move(self, by: timedelta) -> None:
        with self._lock:
            self._now += by

    def sleep(self, seconds: float) -> None:
        self.move(timedelta(seconds=seconds))

    @property
    def runtime(self) -> Runtime:
        """A machine on which it is as late as here."""

        def boot_time() -> float:
            return (self() - T0).total_seconds()

        return Runtime(now=self, boot_time=boot_time, sleep=self.sleep)


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the job type `words.say` takes and gives."""

    text: str
    times: int = 1
    rest: msgspec.Raw = msgspec.Raw(b"null")


@job_type(
    "words.say",
    example=Words("hello"),
    timeout=MINUTE,
    retry=RetryPolicy(max_attempts=3),
    keep_for=KEEP_FOR,
)
def say(payload: Words, _context: Context) -> Words:
    """Say it again."""
    return payload


def a_registry() -> Registry:
    return Registry([say])


_OF_STATUS: Mapping[Status, Mapping[str, Any]] = {
    Status.QUEUED: {"wake_at": T0 + MINUTE, "dispatches": 1},
    Status.RUNNING: {
        "wake_at": T0 + LEASE,
        "attempt": 1,
        "started_at": T0,
        "worker": "worker-00001-abc",
    },
    Status.SUCCEEDED: {
        "attempt": 1,
        "started_at": T0,
        "finished_at": T0 + MINUTE,
        "expire_at": T0 + MINUTE + KEEP_FOR,
        "result": '{"text":"hello","times":1,"rest":null}',
    },
    Status.FAILED: {
        "attempt": 3,
        "started_at": T0,
        "finished_at": T0 + MINUTE,
        "expire_at": T0 + MINUTE + KEEP_FOR,
        "error": JobError(code="handler_error", message="it broke", type="ValueError"),
    },
    Status.CANCELLED: {
        "finished_at": T0 + MINUTE,
        "expire_at": T0 + MINUTE + KEEP_FOR,
    },
}


def a_job(**changes: Any) -> Job:
    """A job of `words.say` as it is in its status (queued and dispatched if none is given)."""
    fields: dict[str, Any] = {
        "id": "0123456789abcdef0123456789abcdef",
        "type": "words.say",
        "owner": "user:ada@example.com",
        "payload": msgspec.Raw(b'{"text": "hello"}'),
        "max_attempts": 3,
        "created_at": T0,
        "run_at": T0,
        "status": Status.QUEUED,
        "trace": TRACEPARENT,
    }
    status = changes.get("status", Status.QUEUED)
    return Job(**(fields | dict(_OF_STATUS[status]) | changes))


def an_attempt(number: int = 1, **changes: Any) -> Attempt:
    """An ended attempt; it failed if nothing else is said."""
    fields: dict[str, Any] = {
        "number": number,
        "started_at": T0,
        "ended_at": T0 + MINUTE,
        "outcome": AttemptOutcome.FAILED,
        "worker": "worker-00001-abc",
        "error": an_error(),
    }
    return Attempt(**(fields | changes))


def an_event(**changes: Any) -> Event:
    fields: dict[str, Any] = {
        "id": event_id("0123456789abcdef0123456789abcdef", "1"),
        "type": EventType.JOB_SUCCEEDED,
        "owner": "user:ada@example.com",
        "created_at": T0,
        "message": '{"version": 1}',
        "wake_at": T0 + MINUTE,
        "expire_at": T0 + 7 * 24 * 60 * MINUTE,
    }
    return Event(**(fields | changes))


def a_webhook(**changes: Any) -> Webhook:
    """Ada's, which hears everything of hers."""
    fields: dict[str, Any] = {
        "id": "abcdef0123456789abcdef0123456789",
        "owner": "user:ada@example.com",
        "url": "https://example.com/hook",
        "created_at": T0,
        "secrets": SigningSecrets(current="whsec_" + "A" * 43 + "="),
    }
    return Webhook(**(fields | changes))


def a_delivery(*, webhook: str, **changes: Any) -> Job:
    """A delivery to this webhook that has failed for good, or is as its status says."""
    told = WebhookDelivery(
        event=an_event().id,
        event_type=EventType.JOB_SUCCEEDED,
        body=an_event().message,
        webhook=webhook,
    )
    fields: dict[str, Any] = {
        "type": DELIVERY,
        "owner": owner_of_webhook(webhook),
        "payload": msgspec.Raw(msgspec.json.encode(told)),
        "status": Status.FAILED,
        "max_attempts": 8,
    }
    return a_job(**(fields | changes))


def an_error(**changes: Any) -> JobError:
    fields: dict[str, Any] = {
        "code": "handler_error",
        "message": "it broke",
        "type": "ValueError",
        "traceback": "Traceback (most recent call last):\n  ...",
    }
    return JobError(**(fields | changes))


def an_order(**changes: Any) -> Order:
    """An order of Ada's; changes of the job's specification and of the order go side by side."""
    said = {name: changes.pop(name) for name in JobSpec.__struct_fields__ if name in changes}
    fields: dict[str, Any] = {"spec": a_spec(**said), "owner": "user:ada@example.com"}
    return Order(**(fields | changes))


def a_spec(**changes: Any) -> JobSpec:
    fields = {"type": "words.say", "payload": msgspec.Raw(b'{"text": "hello"}')}
    return JobSpec(**(fields | changes))


def some_settings(**changes: Any) -> Settings:
    fields: dict[str, Any] = {
        "project": "test-project",
        "api_audiences": ("https://api.example.com",),
        "worker_audience": "https://worker.example.com",
        "push_account": "push@test-project.iam.gserviceaccount.com",
        "scheduler_account": "clock@test-project.iam.gserviceaccount.com",
        "eventarc_account": "eventarc@test-project.iam.gserviceaccount.com",
    }
    return Settings(**(fields | changes))


GARBAGE_VERSION = Version("another store's version")


def a_schedule(**changes: Any) -> Schedule:
    """An active schedule of `words.say`, at each full hour of UTC."""
    fields: dict[str, Any] = {
        "id": "fedcba9876543210fedcba9876543210",
        "owner": "user:ada@example.com",
        "template": a_spec(),
        "timing": Cron(expression="0 * * * *", time_zone="UTC"),
        "created_at": T0,
        "updated_at": T0,
        "fire_at": T0.replace(minute=0, second=0, microsecond=0) + 60 * MINUTE,
    }
    return Schedule(**(fields | changes))
