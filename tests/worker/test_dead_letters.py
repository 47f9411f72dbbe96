"""What becomes of messages that Pub/Sub gave up on, and of their jobs."""

from base64 import b64decode, b64encode

import msgspec
import pytest

from jobs.dead_letters.store import Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import UndecodableMessage
from jobs.job.model import Status
from tests.making import a_job
from tests.worker.conftest import House
from worker.envelope import Envelope, Message


def _envelope(data: bytes, message_id: str = "m1", **attributes: str) -> Envelope:
    return Envelope(message=Message(data=data, attributes=attributes, message_id=message_id))


def test_undecodable(house: House) -> None:
    """A message that is no job message is kept as it came, with the reason."""
    house.intake.take_in(_envelope(b"\xff nonsense", CloudPubSubDeadLetterSourceDeliveryCount="50"))
    (letter,) = house.letters.list_letters(10)
    assert letter.reason is Reason.UNDECODABLE
    assert letter.data == b64encode(b"\xff nonsense").decode()
    assert (letter.id, letter.deliveries, letter.job_id) == ("m1", 50, None)


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
def test_credentials_are_not_kept(house: House, data: bytes) -> None:
    """What operators see of a message, and what the store holds, is without its credentials."""
    house.intake.take_in(_envelope(data, Authorization=SECRET, name="value"))
    (letter,) = house.letters.list_letters(10)
    assert SECRET not in b64decode(letter.data).decode("latin-1")
    assert letter.attributes == {"Authorization": "[redacted]", "name": "value"}


def test_a_job_message_without_its_credentials_can_be_redriven(house: House) -> None:
    """The job has them still, and the letter its job."""
    payload = {"headers": {"Authorization": f"Bearer {SECRET}"}}
    job = a_job(payload=msgspec.Raw(msgspec.json.encode(payload)))
    house.intake.take_in(_envelope(JobMessage.to(job).encode()))
    (letter,) = house.letters.list_letters(10)
    assert letter.job_id == job.id
    assert SECRET not in b64decode(letter.data).decode()
    assert JobMessage.decode(b64decode(letter.data)).job_id == job.id


def test_job_fails(house: House) -> None:
    """The job of a dead letter that nobody holds fails with a clear error."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    house.intake.take_in(_envelope(job_message.encode()))
    failed = house.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "undelivered"
    (letter,) = house.letters.list_letters(10)
    assert (letter.reason, letter.job_id) == (Reason.UNDELIVERED, job.id)


def test_twice(house: House) -> None:
    """A letter that arrives twice is kept once, and its job is ended once."""
    job = house.submit("test.echo")
    envelope = _envelope(house.job_messages()[0].encode())
    house.intake.take_in(envelope)
    failed = house.job(job)
    house.intake.take_in(envelope)
    assert house.job(job) == failed
    assert len(house.letters.list_letters(10)) == 1


def test_held(house: House) -> None:
    """A job that an attempt holds, or that has ended, is left alone."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    claimed = house.claims.claim(job_message)
    house.intake.take_in(_envelope(job_message.encode()))
    assert house.job(job) == claimed
    house.clock.sleep(3600)
    house.work()


def test_dead_holder(house: House) -> None:
    """A job whose last holder's lease has ended fails, too."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    house.claims.claim(job_message)
    house.clock.sleep(3600)
    house.intake.take_in(_envelope(job_message.encode()))
    assert house.job(job).status is Status.FAILED


def test_waiting(house: House) -> None:
    """A job that waits for its time is in the sweep's care, and is left alone."""
    job = house.submit("test.fail", {"text": "later", "seconds": 1000})
    (job_message,) = house.job_messages()
    house.attempts.answer(job_message)
    house.intake.take_in(_envelope(job_message.encode()))
    assert house.job(job).status is Status.QUEUED


def test_absent_job(house: House) -> None:
    """A letter for a job that is gone is kept all the same."""
    job_message = JobMessage(job_id="0" * 32, version=house.submit("test.echo").version)
    house.intake.take_in(_envelope(job_message.encode()))
    assert len(house.letters.list_letters(10)) == 1


def test_huge(house: House) -> None:
    """Of a message that is larger than a document, the beginning is kept."""
    house.intake.take_in(_envelope(b"x" * 2_000_000))
    (letter,) = house.letters.list_letters(10)
    assert len(letter.data) < 1_000_000


def test_nameless(house: House) -> None:
    """A message without an id does not come from Pub/Sub, and is refused."""
    with pytest.raises(UndecodableMessage):
        house.intake.take_in(_envelope(b"", message_id=""))
