"""What Pub/Sub pushes, decoded."""

import json

import pytest

from jobs.dispatch.queue import JobMessage
from jobs.errors import UndecodableMessage
from local.processes import ROOT
from worker.envelope import open_envelope

CAPTURED = json.loads((ROOT / "tests/events/pubsub-push.json").read_text())


def test_the_emulators_push() -> None:
    """The body that the emulator really pushed holds the job message that was published."""
    envelope = open_envelope(json.dumps(CAPTURED["body"]).encode())
    assert envelope.message.message_id == "1"
    assert envelope.delivery_attempt is None
    job_message = JobMessage.decode(envelope.message.data)
    assert job_message.job is not None
    assert job_message.job.id == "0123456789abcdef0123456789abcdef"


def test_a_push_under_a_dead_letter_policy() -> None:
    """With a dead-letter policy the push says how often the message was tried."""
    body = CAPTURED["body"] | {"deliveryAttempt": 7}
    assert open_envelope(json.dumps(body).encode()).delivery_attempt == 7


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"message": null}',
        b'{"message": {"data": 7}}',
        b'{"message": {"data": "!"}}',
        b'{"message": {"attributes": {"a": 1}}}',
        b"\xff",
        b'{"message":' * 5000,
    ],
)
def test_no_push(body: bytes) -> None:
    """What is no push is refused, whatever it is."""
    with pytest.raises(UndecodableMessage):
        open_envelope(body)
