"""What every queue promises: the same tests over memory and over Pub/Sub."""

import threading
from concurrent.futures import ThreadPoolExecutor

import msgspec

from jobs.model import Job, Version
from jobs.order import MAX_PAYLOAD_BYTES
from jobs.queue import Ticket
from tests.contract.conftest import Bell
from tests.making import a_job


def _job(number: int = 0, size: int = 0) -> Job:
    payload = msgspec.json.encode({"text": "é" * (size // 2)})
    return a_job(
        id=f"job-{number}",
        version=Version(f"1772600767.{number:06}000"),
        payload=msgspec.Raw(payload),
    )


def _tickets(bell: Bell, count: int) -> list[Ticket]:
    return sorted(map(Ticket.decode, bell.take(count)), key=lambda ticket: ticket.job_id)


def test_a_ticket_arrives_whole(bell: Bell) -> None:
    """A ticket comes out as it went in, with its job."""
    ticket = Ticket.to(_job())
    bell.queue.ring([ticket])
    assert _tickets(bell, 1) == [ticket]


def test_a_ticket_of_a_large_job(bell: Bell) -> None:
    """Of a job that is too large for a message its name arrives."""
    job = _job(size=MAX_PAYLOAD_BYTES - 100)
    bell.queue.ring([Ticket.to(job)])
    assert _tickets(bell, 1) == [Ticket(job_id=job.id, version=job.version)]


def test_many_tickets_at_once(bell: Bell) -> None:
    """As many tickets as a batch may have arrive each, from one call."""
    tickets = [Ticket.to(_job(number, size=4000)) for number in range(500)]
    bell.queue.ring(tickets)
    assert _tickets(bell, 500) == sorted(tickets, key=lambda ticket: ticket.job_id)


def test_no_tickets(bell: Bell) -> None:
    """To ring for nothing does nothing, and what comes next arrives."""
    bell.queue.ring([])
    bell.queue.ring([Ticket.to(_job(7))])
    assert [ticket.job_id for ticket in _tickets(bell, 1)] == ["job-7"]


def test_the_same_ticket_twice(bell: Bell) -> None:
    """A ticket that is rung twice arrives twice: it is not for the queue to tell them apart."""
    ticket = Ticket.to(_job())
    bell.queue.ring([ticket])
    bell.queue.ring([ticket])
    assert _tickets(bell, 2) == [ticket, ticket]


def test_many_ring_at_once(bell: Bell) -> None:
    """What several threads ring at the same moment all arrives."""
    start = threading.Barrier(8)

    def ring(number: int) -> None:
        start.wait(30)
        bell.queue.ring([Ticket.to(_job(number))])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ring, range(8)))
    assert [ticket.job_id for ticket in _tickets(bell, 8)] == [f"job-{n}" for n in range(8)]


def test_ping(bell: Bell) -> None:
    """A queue that can be reached answers."""
    bell.queue.ping()
