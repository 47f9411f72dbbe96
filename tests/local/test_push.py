"""Pushes of the local cloud: what the worker gets, and what its answer means."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from identity.tokens import Verifier
from local.cloud.caller import UNREACHABLE, WorkerCaller
from local.cloud.identity import Issuer
from local.cloud.push import Message, Push, envelope, subscriptions
from local.cloud.settings import CloudSettings
from local.ports import Ports
from tests.local.conftest import StandIn

JOB_MESSAGES, DEAD_LETTERS = subscriptions("jobs")
MESSAGE = Message(
    id="17",
    data=b"hello",
    published_at=datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
    attributes={"colour": "blue"},
    attempt=3,
)


def test_an_envelope_is_that_of_a_real_push() -> None:
    """Ids and times come in both spellings, data in base64, and the delivery's number beside."""
    assert msgspec.json.decode(envelope("prj", JOB_MESSAGES, MESSAGE)) == {
        "message": {
            "attributes": {"colour": "blue"},
            "data": "aGVsbG8=",
            "messageId": "17",
            "message_id": "17",
            "publishTime": "2026-01-02T03:04:05.678Z",
            "publish_time": "2026-01-02T03:04:05.678Z",
        },
        "subscription": "projects/prj/subscriptions/jobs-push",
        "deliveryAttempt": 3,
    }


def test_attempts_are_told_only_under_a_dead_letter_policy() -> None:
    """A push of a subscription without a dead-letter topic has no delivery attempt."""
    assert b"deliveryAttempt" not in envelope("prj", DEAD_LETTERS, MESSAGE)


def test_a_push_is_signed_for_its_path(
    settings: CloudSettings, caller: WorkerCaller, worker: StandIn, verifier: Verifier
) -> None:
    """The token is the push account's, made for the worker's audience and the path."""
    assert Push(settings, caller)(JOB_MESSAGES, MESSAGE)
    [received] = worker.received
    assert received.path == "/jobs"
    assert received.body == envelope(settings.project, JOB_MESSAGES, MESSAGE)
    principal = verifier.verify(received.token, ["https://worker.test/jobs"])
    assert principal.email == settings.push_account


@pytest.mark.parametrize(
    ("status", "acknowledged"),
    [(200, True), (201, True), (202, True), (204, True)]
    + [(status, False) for status in (203, 301, 400, 403, 404, 429, 500, 503)],
)
def test_what_acknowledges(
    settings: CloudSettings,
    caller: WorkerCaller,
    worker: StandIn,
    status: int,
    acknowledged: bool,
) -> None:
    """Exactly the statuses that Pub/Sub documents acknowledge a message."""
    worker.answer = lambda _: status
    assert Push(settings, caller)(JOB_MESSAGES, MESSAGE) is acknowledged


def test_a_worker_that_is_away_refuses(settings: CloudSettings, issuer: Issuer) -> None:
    """A worker that can't be reached counts as one without a free instance."""
    away = WorkerCaller(
        replace(settings, worker_url=f"http://127.0.0.1:{Ports.free().api}"), issuer
    )
    assert not Push(settings, away)(JOB_MESSAGES, MESSAGE)
    assert away.post("/jobs", account="a@b", seconds=1, headers={}, body=b"") == UNREACHABLE
