"""What every queue promises: the same tests over memory and over Pub/Sub."""

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from jobs.dispatch.queue import JobMessage
from jobs.job.model import Job, Version
from jobs.job.order import MAX_PAYLOAD_BYTES
from tests.contract.conftest import Bell
from tests.factories import a_job


def _job(number: int = 0, size: int = 0) -> Job:
    payload = msgspec.json.encode({"text": "é" * (size // 2)})
    return a_job(
        id=f"job-{number}",
        version=Version(f"1772600767.{number:06}000"),
        payload=msgspec.Raw(payload),
    )


def _job_messages(bell: Bell, count: int) -> list[JobMessage]:
    return sorted(
        map(JobMessage.decode, bell.take(count)), key=lambda job_message: job_message.job_id
    )


def test_a_job_message_arrives_whole(bell: Bell) -> None:
    """A job message comes out as it went in, with its job."""
    job_message = JobMessage.to(_job())
    bell.queue.dispatch([job_message])
    assert _job_messages(bell, 1) == [job_message]


def test_a_job_message_of_a_large_job(bell: Bell) -> None:
    """Of a job that is too large for a message its name arrives."""
    job = _job(size=MAX_PAYLOAD_BYTES - 100)
    bell.queue.dispatch([JobMessage.to(job)])
    assert _job_messages(bell, 1) == [JobMessage(job_id=job.id, version=job.version)]


def test_many_job_messages_at_once(bell: Bell) -> None:
    """As many job messages as a batch may have arrive each, from one call."""
    job_messages = [JobMessage.to(_job(number, size=4000)) for number in range(500)]
    bell.queue.dispatch(job_messages)
    assert _job_messages(bell, 500) == sorted(
        job_messages, key=lambda job_message: job_message.job_id
    )


def test_no_job_messages(bell: Bell) -> None:
    """To dispatch nothing does nothing, and what comes next arrives."""
    bell.queue.dispatch([])
    bell.queue.dispatch([JobMessage.to(_job(7))])
    assert [job_message.job_id for job_message in _job_messages(bell, 1)] == ["job-7"]


def test_the_same_job_message_twice(bell: Bell) -> None:
    """A job message that is sent twice arrives twice: the queue does not tell them apart."""
    job_message = JobMessage.to(_job())
    bell.queue.dispatch([job_message])
    bell.queue.dispatch([job_message])
    assert _job_messages(bell, 2) == [job_message, job_message]


def test_many_dispatch_at_once(bell: Bell) -> None:
    """What several threads dispatch at the same moment all arrives."""
    start = threading.Barrier(8)

    def dispatch(number: int) -> None:
        start.wait(30)
        bell.queue.dispatch([JobMessage.to(_job(number))])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(dispatch, range(8)))
    assert [job_message.job_id for job_message in _job_messages(bell, 8)] == [
        f"job-{n}" for n in range(8)
    ]


def test_ping(bell: Bell) -> None:
    """A queue that can be reached answers."""
    bell.queue.ping()
