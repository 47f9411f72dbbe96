"""Dead letters that are sent on their way again."""

from base64 import b64encode

import pytest

from jobs.dead_letters.redrive import redrive
from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import TransitionRefused
from jobs.job import transitions
from jobs.job.model import UNDELIVERED, Job, Status
from jobs.memory.jobs import MemoryDeadLetterStore, MemoryJobStore, MemoryQueue
from tests.making import LEASE, T0, Clock, a_job, an_error


class House:
    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryJobStore()
        self.letters = MemoryDeadLetterStore()
        self.queue = MemoryQueue()

    def letter(self, data: bytes) -> DeadLetter:
        letter = DeadLetter(
            id="1",
            created_at=T0,
            reason=Reason.UNDELIVERED,
            detail="",
            data=b64encode(data).decode(),
        )
        self.letters.add(letter)
        return letter

    def redrive(self, letter: DeadLetter) -> Job:
        return redrive(
            letter, store=self.store, letters=self.letters, queue=self.queue, now=self.clock
        )

    def dispatched(self) -> list[JobMessage]:
        return [JobMessage.decode(data) for data in iter(self.queue.take, None)]


@pytest.fixture
def house() -> House:
    return House()


def test_a_job_that_failed_by_it(house: House) -> None:
    """A job that no worker would take is wanted again, and dispatched; the letter is gone."""
    error = an_error(code=UNDELIVERED)
    job = house.store.create(a_job(status=Status.FAILED, error=error))
    kept = house.redrive(house.letter(JobMessage.to(job).encode()))
    assert (kept.status, kept.attempt, kept.error) == (Status.QUEUED, 0, None)
    assert house.store.get(job.id) == kept
    assert house.dispatched() == [JobMessage.to(kept)]
    assert house.letters.list_letters(10) == []


def test_a_job_that_still_waits(house: House) -> None:
    """A job that is queued is dispatched as it is."""
    job = house.store.create(a_job())
    assert house.redrive(house.letter(JobMessage.to(job).encode())) == job
    assert house.dispatched() == [JobMessage.to(job)]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED}))
def test_a_job_that_went_on(house: House, status: Status) -> None:
    """A job that goes on, or ended for another reason, is left alone; the letter is gone."""
    job = house.store.create(a_job(status=status))
    assert house.redrive(house.letter(JobMessage.to(job).encode())) == job
    assert house.store.get(job.id) == job
    assert house.dispatched() == []
    assert house.letters.list_letters(10) == []


def test_the_latest_counts(house: House) -> None:
    """A letter with an outdated version of its job dispatches the latest."""
    first = house.store.create(a_job())
    running = house.store.save(transitions.claim(first, T0, lease=LEASE, worker="w"), before=first)
    back = house.store.save(transitions.hand_back(running, T0), before=running)
    assert house.redrive(house.letter(JobMessage.to(first).encode())) == back
    assert house.dispatched() == [JobMessage.to(back)]


def test_a_letter_that_is_no_job_message(house: House) -> None:
    """A letter that can't be decoded stays, for a release that can."""
    letter = house.letter(b"garbage")
    with pytest.raises(TransitionRefused, match="holds no job message"):
        house.redrive(letter)
    assert house.letters.list_letters(10) == [letter]


def test_a_letter_whose_job_is_gone(house: House) -> None:
    """A letter whose job was deleted stays: there is nothing to send."""
    letter = house.letter(JobMessage.to(a_job()).encode())
    with pytest.raises(TransitionRefused, match="gone"):
        house.redrive(letter)
    assert house.letters.list_letters(10) == [letter]
    assert house.dispatched() == []
