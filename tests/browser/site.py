"""A deployment with jobs of all kinds, served to a browser, with the local cloud's sign-in page."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from wsgiref.types import WSGIApplication

import msgspec
from werkzeug.serving import WSGIRequestHandler, make_server

from identity.tokens import Verifier
from jobs.dead_letters.store import DeadLetter, Reason
from jobs.job.model import Attempt, AttemptOutcome, JobError, LogLine, Progress, Status
from jobs.job.spec import JobSpec
from jobs.settings.roles import Binding, Role
from local.cloud.app import create_app as create_cloud
from local.cloud.faults import Faults
from local.cloud.identity import Issuer
from local.cloud.settings import WEB_CLIENT_ID, WEB_CLIENT_SECRET
from tests.api.conftest import AUDIENCE, Harness
from tests.factories import Clock, a_delivery, a_schedule, a_webhook, an_error, some_settings

OWNER: Final = "dev@example.com"
PEOPLE: Final = {
    "submitter": OWNER,
    "viewer": "viewer@example.org",
    "operator": "operator@example.com",
}
STRANGER: Final = "eve@example.com"
MANY: Final = 10_000
HOOK: Final = "a" * 32
NAMED: Final = {
    "running": "5f0c6a1e9d3b4c7f8a2e1d0b9c8f7a6e",
    "waiting": "c41b7d02a96e4f53b8d0e7a1f2963c58",
    "retrying": "90e2fd5b7c134a86951f3be8d7a04c62",
    "failed": "2ab85c70e1f94d36a07b6e95d4c8f113",
    "succeeded": "e7d39f4408b24c1a9c65d2b0718fa3e6",
    "cancelled": "b6109a3cf52d4e78836a1d7c40e5f92b",
}
_LATENESS: Final = timedelta(seconds=40)


@dataclass(frozen=True)
class Site:
    url: str
    harness: Harness


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Says nothing: a browser asks a lot."""


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def open_site(issuer: Issuer, verifier: Verifier, *, many: int = 0) -> Iterator[Site]:
    """A site with one of everything, and with so many jobs more."""
    cloud = create_cloud(issuer, Faults(lambda *_: True, lambda _: False))
    with served(cloud.wsgi_app) as sign_in:
        settings = some_settings(
            api_audiences=(AUDIENCE, WEB_CLIENT_ID),
            roles=tuple(Binding(Role(role), (f"user:{email}",)) for role, email in PEOPLE.items()),
            console_client_id=WEB_CLIENT_ID,
            console_client_secret=WEB_CLIENT_SECRET,
            sign_in_urls=(sign_in,),
        )
        harness = Harness(issuer, verifier, settings, clock=Clock(datetime.now(UTC)))
        _fill(harness, many)
        with served(harness.app.wsgi_app) as url:
            yield Site(url, harness)
        harness.app.extensions["stop"]()


def _fill(harness: Harness, many: int) -> None:
    now = harness.clock()
    _fill_with_many(harness, now, many)
    for fields in _one_of_each(now):
        harness.put(**fields)
    owner = f"user:{OWNER}"
    template = JobSpec(type="text.echo", payload=msgspec.Raw(b'{"text": "good morning"}'))
    soon = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    harness.stores.schedules.create(
        a_schedule(
            owner=owner,
            template=template,
            created_at=now,
            updated_at=now,
            fire_at=soon,
            description="Morning greetings",
        )
    )
    failing = now - timedelta(hours=3)
    harness.webhooks.create(
        a_webhook(id=HOOK, owner=owner, created_at=failing, failing_since=failing)
    )
    harness.store.create(a_delivery(webhook=HOOK, id="d" * 32, created_at=now, error=an_error()))
    harness.dead_letters.add(
        DeadLetter(
            id="123456789",
            created_at=now - timedelta(minutes=5),
            reason=Reason.UNDELIVERED,
            detail="The worker refused the message every time.",
            data="e30=",
            deliveries=50,
            job_id=NAMED["failed"],
        )
    )


def _one_of_each(now: datetime) -> Iterator[dict[str, Any]]:
    start = now - timedelta(minutes=3)
    error = JobError(
        code="handler_error",
        message="The receiver answered 503 Service Unavailable",
        type="HTTPError",
        traceback='Traceback (most recent call last):\n  File "handlers/x.py", line 12, in send\n',
    )
    tried = tuple(
        Attempt(
            number=number,
            started_at=start + number * timedelta(seconds=15),
            ended_at=start + number * timedelta(seconds=15) + timedelta(seconds=4),
            outcome=AttemptOutcome.FAILED,
            worker="dormouse-worker-00042-kez",
            error=error,
        )
        for number in range(1, 11)
    )
    log = tuple(
        LogLine(
            number=number,
            time=start + timedelta(seconds=number),
            level="WARNING" if number % 9 == 0 else "INFO",
            text=f"Read part {number} of 50, 1 048 576 bytes",
        )
        for number in range(1, 51)
    )
    job = {
        "owner": f"user:{OWNER}",
        "type": "text.echo",
        "payload": msgspec.Raw(b'{"text": "hello", "times": 2}'),
        "labels": {"team": "billing", "order": "4711"},
        "created_at": start,
        "run_at": start,
        "max_attempts": 12,
    }
    ended = {"started_at": now - timedelta(seconds=9), "finished_at": now}
    yield job | {
        "id": NAMED["running"],
        "status": Status.RUNNING,
        "attempt": 11,
        "attempts": tried,
        "started_at": now - timedelta(seconds=8),
        "log": log,
        "progress": Progress(fraction=0.62, message="31 of 50 parts"),
        "error": error,
    }
    yield job | {"id": NAMED["waiting"], "run_at": now + timedelta(hours=2)}
    yield job | {
        "id": NAMED["retrying"],
        "attempt": 1,
        "attempts": tried[:1],
        "run_at": now + _LATENESS,
        "error": error,
    }
    yield job | {
        "id": NAMED["failed"],
        "status": Status.FAILED,
        "attempt": 10,
        "attempts": tried,
        "error": error,
        "log": log,
        **ended,
    }
    yield job | {
        "id": NAMED["succeeded"],
        "status": Status.SUCCEEDED,
        "attempt": 1,
        "attempts": (
            msgspec.structs.replace(tried[0], outcome=AttemptOutcome.SUCCEEDED, error=None),
        ),
        "result": '{"said": ["hello", "hello"]}',
        "log": log[:3],
        **ended,
    }
    yield job | {"id": NAMED["cancelled"], "status": Status.CANCELLED, **ended}


def _fill_with_many(harness: Harness, now: datetime, many: int) -> None:
    statuses = (*Status, *[Status.SUCCEEDED] * 8)
    for number in range(many):
        created = now - timedelta(seconds=11 * number + 200)
        status = statuses[number % len(statuses)]
        ended = {"finished_at": created + timedelta(seconds=7)}
        harness.put(
            id=f"{0x_A000_0000 + number * 7919:032x}"[::-1],
            owner=f"user:{PEOPLE['viewer'] if number % 3 else OWNER}",
            type="number.count" if number % 4 else "text.echo",
            payload=msgspec.Raw(b'{"to": 3}'),
            status=status,
            created_at=created,
            run_at=created,
            error=an_error() if status is Status.FAILED else None,
            **(ended if status in {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED} else {}),
        )
