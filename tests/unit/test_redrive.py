"""Dead letters that are sent on their way again."""

from base64 import b64encode
from datetime import timedelta

import pytest

from jobs.dead_letters.redrive import redrive
from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import TransitionRefused
from jobs.job import transitions
from jobs.job.model import UNDELIVERED, Job, Status
from jobs.memory.jobs import MemoryDeadLetterStore, MemoryJobStore, MemoryQueue
from tests.factories import LEASE, T0, Clock, a_job, an_error


class Harness:
    def __init__(self) -> None:
        self.clock = Clock()
        self.store = MemoryJobStore()
        self.dead_letters = MemoryDeadLetterStore()
        self.queue = MemoryQueue()

    def dead_letter(self, data: bytes) -> DeadLetter:
        dead_letter = DeadLetter(
            id="1",
            created_at=T0,
            reason=Reason.UNDELIVERED,
            detail="",
            data=b64encode(data).decode(),
        )
        self.dead_letters.add(dead_letter)
        return dead_letter

    def redrive(self, dead_letter: DeadLetter) -> Job:
        return redrive(
            dead_letter,
            store=self.store,
            dead_letters=self.dead_letters,
            queue=self.queue,
            now=self.clock,
        )

    def dispatched(self) -> list[JobMessage]:
        return [JobMessage.decode(data) for data in iter(self.queue.take, None)]


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_a_job_that_failed_by_it(harness: Harness) -> None:
    """A job that no worker would take is wanted again, and dispatched; the letter is gone."""
    error = an_error(code=UNDELIVERED)
    job = harness.store.create(a_job(status=Status.FAILED, error=error))
    kept = harness.redrive(harness.dead_letter(JobMessage.to(job).encode()))
    assert (kept.status, kept.attempt, kept.error) == (Status.QUEUED, 0, None)
    assert harness.store.get(job.id) == kept
    assert harness.dispatched() == [JobMessage.to(kept)]
    assert harness.dead_letters.list_dead_letters(10) == []


def test_a_job_that_still_waits(harness: Harness) -> None:
    """A job that is queued is dispatched as it is."""
    job = harness.store.create(a_job())
    assert harness.redrive(harness.dead_letter(JobMessage.to(job).encode())) == job
    assert harness.dispatched() == [JobMessage.to(job)]


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED}))
def test_a_job_that_went_on(harness: Harness, status: Status) -> None:
    """A job that goes on, or ended for another reason, is left alone; the letter is gone."""
    job = harness.store.create(a_job(status=status))
    assert harness.redrive(harness.dead_letter(JobMessage.to(job).encode())) == job
    assert harness.store.get(job.id) == job
    assert harness.dispatched() == []
    assert harness.dead_letters.list_dead_letters(10) == []


def test_the_latest_counts(harness: Harness) -> None:
    """A letter with an outdated version of its job dispatches the latest."""
    first = harness.store.create(a_job())
    running = harness.store.save(
        transitions.claim(first, T0, lease=LEASE, worker="w"), before=first
    )
    back = harness.store.save(
        transitions.hand_back(running, T0, keep_for=timedelta(days=1)), before=running
    )
    assert harness.redrive(harness.dead_letter(JobMessage.to(first).encode())) == back
    assert harness.dispatched() == [JobMessage.to(back)]


def test_a_letter_that_is_no_job_message(harness: Harness) -> None:
    """A letter that can't be decoded stays, for a release that can."""
    dead_letter = harness.dead_letter(b"garbage")
    with pytest.raises(TransitionRefused, match="holds no job message"):
        harness.redrive(dead_letter)
    assert harness.dead_letters.list_dead_letters(10) == [dead_letter]


def test_a_letter_whose_job_is_gone(harness: Harness) -> None:
    """A letter whose job was deleted stays: there is nothing to send."""
    dead_letter = harness.dead_letter(JobMessage.to(a_job()).encode())
    with pytest.raises(TransitionRefused, match="gone"):
        harness.redrive(dead_letter)
    assert harness.dead_letters.list_dead_letters(10) == [dead_letter]
    assert harness.dispatched() == []
