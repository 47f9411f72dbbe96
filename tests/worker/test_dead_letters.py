"""What becomes of messages that Pub/Sub gave up on, and of their jobs."""

from base64 import b64decode, b64encode

import msgspec
import pytest

from jobs.dead_letters.store import Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import UndecodableMessage
from jobs.job.model import Status
from tests.factories import a_job
from tests.worker.conftest import Harness
from worker.envelope import Envelope, Message


def _envelope(data: bytes, message_id: str = "m1", **attributes: str) -> Envelope:
    return Envelope(message=Message(data=data, attributes=attributes, message_id=message_id))


def test_undecodable(harness: Harness) -> None:
    """A message that is no job message is kept as it came, with the reason."""
    harness.intake.take_in(
        _envelope(b"\xff nonsense", CloudPubSubDeadLetterSourceDeliveryCount="50")
    )
    (dead_letter,) = harness.dead_letters.list_dead_letters(10)
    assert dead_letter.reason is Reason.UNDECODABLE
    assert dead_letter.data == b64encode(b"\xff nonsense").decode()
    assert (dead_letter.id, dead_letter.deliveries, dead_letter.job_id) == ("m1", 50, None)


SECRET = "s3cr3t"


@pytest.mark.parametrize(
    "data",
    [
        b'{"headers": {"Authorization": "Bearer s3cr3t", "Accept": "*/*"}}',
        b'{"job": {"payload": {"headers": {"COOKIE": "s3cr3t"}}}}',
        b"POST / HTTP/1.1\r\nAuthorization: Basic s3cr3t\r\nAccept: */*",
        b"Cookie: a=s3cr3t; b=s3cr3t\n\xff",
        b'{"headers": {"Cookie": "s3cr3t"',
        b"https://user:s3cr3t@example.com/?token=s3cr3t",
    ],
)
def test_credentials_are_not_kept(harness: Harness, data: bytes) -> None:
    """What operators see of a message, and what the store holds, is without its credentials."""
    harness.intake.take_in(_envelope(data, Authorization=SECRET, name="value"))
    (dead_letter,) = harness.dead_letters.list_dead_letters(10)
    assert SECRET not in b64decode(dead_letter.data).decode("latin-1")
    assert dead_letter.attributes == {"Authorization": "[redacted]", "name": "value"}


def test_a_job_message_without_its_credentials_can_be_redriven(harness: Harness) -> None:
    """The job has them still, and the letter its job."""
    payload = {"headers": {"Authorization": f"Bearer {SECRET}"}}
    job = a_job(payload=msgspec.Raw(msgspec.json.encode(payload)))
    harness.intake.take_in(_envelope(JobMessage.to(job).encode()))
    (dead_letter,) = harness.dead_letters.list_dead_letters(10)
    assert dead_letter.job_id == job.id
    assert SECRET not in b64decode(dead_letter.data).decode()
    assert JobMessage.decode(b64decode(dead_letter.data)).job_id == job.id


def test_job_fails(harness: Harness) -> None:
    """The job of a dead letter that nobody holds fails with a clear error."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    harness.intake.take_in(_envelope(job_message.encode()))
    failed = harness.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "undelivered"
    (dead_letter,) = harness.dead_letters.list_dead_letters(10)
    assert (dead_letter.reason, dead_letter.job_id) == (Reason.UNDELIVERED, job.id)


def test_twice(harness: Harness) -> None:
    """A letter that arrives twice is kept once, and its job is ended once."""
    job = harness.submit("test.echo")
    envelope = _envelope(harness.job_messages()[0].encode())
    harness.intake.take_in(envelope)
    failed = harness.job(job)
    harness.intake.take_in(envelope)
    assert harness.job(job) == failed
    assert len(harness.dead_letters.list_dead_letters(10)) == 1


def test_held(harness: Harness) -> None:
    """A job that an attempt holds, or that has ended, is left alone."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    claimed = harness.claims.claim(job_message)
    harness.intake.take_in(_envelope(job_message.encode()))
    assert harness.job(job) == claimed
    harness.clock.sleep(3600)
    harness.work()


def test_dead_holder(harness: Harness) -> None:
    """A job whose last holder's lease has ended fails, too."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    harness.claims.claim(job_message)
    harness.clock.sleep(3600)
    harness.intake.take_in(_envelope(job_message.encode()))
    assert harness.job(job).status is Status.FAILED


def test_waiting(harness: Harness) -> None:
    """A job that waits for its time is in the sweep's care, and is left alone."""
    job = harness.submit("test.fail", {"text": "later", "seconds": 1000})
    (job_message,) = harness.job_messages()
    harness.attempts.answer(job_message)
    harness.intake.take_in(_envelope(job_message.encode()))
    assert harness.job(job).status is Status.QUEUED


def test_absent_job(harness: Harness) -> None:
    """A letter for a job that is gone is kept all the same."""
    job_message = JobMessage(job_id="0" * 32, version=harness.submit("test.echo").version)
    harness.intake.take_in(_envelope(job_message.encode()))
    assert len(harness.dead_letters.list_dead_letters(10)) == 1


def test_huge(harness: Harness) -> None:
    """Of a message that is larger than a document, the beginning is kept."""
    harness.intake.take_in(_envelope(b"x" * 2_000_000))
    (dead_letter,) = harness.dead_letters.list_dead_letters(10)
    assert len(dead_letter.data) < 1_000_000


def test_nameless(harness: Harness) -> None:
    """A message without an id does not come from Pub/Sub, and is refused."""
    with pytest.raises(UndecodableMessage):
        harness.intake.take_in(_envelope(b"", message_id=""))
