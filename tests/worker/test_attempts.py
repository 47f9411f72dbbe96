"""From a job message to the outcome that the store holds."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from jobs.context import Cancelled, Link
from jobs.dispatch.queue import JobMessage
from jobs.errors import StoreUnavailable, UnknownJobType
from jobs.job import transitions
from jobs.job.model import Job, Status
from jobs.job.model import Outcome as Ended
from tests.worker.conftest import House, run_here
from worker.attempts.attempts import WorkerBusy
from worker.attempts.outcome import Dropped, Interrupted, Outcome, Succeeded
from worker.processes.run import Task

KEEP = timedelta(days=30)


def test_success(house: House) -> None:
    """A job message takes its job to its result."""
    job = house.submit("test.echo", {"text": "hello"})
    house.work()
    done = house.job(job)
    assert done.status is Status.SUCCEEDED
    assert done.result == '{"text":"hello","seconds":0.0}'
    assert done.wake_at is None
    assert done.expire_at == house.clock.now() + KEEP
    assert [attempt.outcome for attempt in done.attempts] == [Ended.SUCCEEDED]


def test_duplicates(house: House) -> None:
    """A job message that comes twice, or after the end, does nothing more."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    house.attempts.answer(job_message)
    done = house.job(job)
    house.attempts.answer(job_message)
    house.attempts.answer(JobMessage(job_id=job.id, version=job.version))
    assert house.job(job) == done


def test_deleted(house: House) -> None:
    """A job message for a job that is gone is old news."""
    job = house.submit("test.echo")
    house.store.delete(job.id, job.version)
    house.work()
    assert house.store.get(job.id) is None


def test_reference(house: House) -> None:
    """A job message without the job works as well, by reading it."""
    job = house.submit("test.echo")
    house.attempts.answer(JobMessage(job_id=job.id, version=job.version))
    assert house.job(job).status is Status.SUCCEEDED


def test_outdated_but_claimable(house: House) -> None:
    """An outdated job message still claims a job that is queued and due."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    house.store.save(transitions.dispatch(job, house.clock.now()), before=job)
    house.attempts.answer(job_message)
    assert house.job(job).status is Status.SUCCEEDED


def test_no_second_lease(house: House) -> None:
    """A job message for a job whose lease is alive is acknowledged and does nothing."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    claimed = house.claims.claim(job_message)
    house.attempts.answer(job_message)
    assert house.job(job) == claimed


def test_lost_worker(house: House) -> None:
    """A job whose lease has ended goes on, and the lost attempt counts."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    house.claims.claim(job_message)
    house.clock.sleep(3600)
    house.attempts.answer(job_message)
    done = house.job(job)
    assert [attempt.outcome for attempt in done.attempts] == [Ended.LOST, Ended.SUCCEEDED]
    assert done.attempt == 2


def test_killer_job_fails(house: House) -> None:
    """A job that loses its worker every time fails in the end."""
    job = house.submit("test.echo", max_attempts=2)
    for _ in range(4):
        house.claims.claim(JobMessage(job_id=job.id, version=job.version))
        house.clock.sleep(3600)
    failed = house.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "worker_lost"
    assert [attempt.outcome for attempt in failed.attempts] == [Ended.LOST, Ended.LOST]


def test_late_result(house: House) -> None:
    """A result that comes after its lease was lost is dropped."""

    def slow(task: Task, link: Link) -> Outcome:
        house.clock.sleep(3600)
        house.claims.claim(JobMessage(job_id=job.id, version=job.version))
        return run_here(task, link)

    job = house.submit("test.echo")
    house.attempts_with(slow).answer(house.job_messages()[0])
    running = house.job(job)
    assert running.status is Status.RUNNING
    assert running.attempt == 2


def test_short_retries(house: House) -> None:
    """Short waits are waited out in the worker; every attempt's error is kept."""
    job = house.submit("test.fail", {"text": "again"})
    house.work()
    failed = house.job(job)
    assert failed.status is Status.FAILED
    assert failed.attempt == failed.max_attempts == 3
    assert [attempt.number for attempt in failed.attempts] == [1, 2, 3]
    assert {attempt.worker for attempt in failed.attempts} == {"here"}
    assert failed.error == failed.attempts[-1].error
    starts = [attempt.started_at for attempt in failed.attempts]
    waits = [later - earlier for earlier, later in pairwise(starts)]
    assert waits == [timedelta(seconds=0.01), timedelta(seconds=0.02)]


def test_permanent_error(house: House) -> None:
    """A permanent error ends the job at its first attempt."""
    job = house.submit("test.fail", {"text": "permanent"})
    house.work()
    failed = house.job(job)
    assert (failed.status, failed.attempt) == (Status.FAILED, 1)
    assert failed.error is not None
    assert (failed.error.code, failed.error.message) == ("permanent_error", "no use")


def test_long_wait_is_the_sweeps(house: House) -> None:
    """A long wait gives the push up; the job waits for its time under the sweep's eye."""
    job = house.submit("test.fail", {"text": "later", "seconds": 100})
    house.work()
    waiting = house.job(job)
    assert waiting.status is Status.QUEUED
    assert waiting.run_at == waiting.wake_at == house.clock.now() + timedelta(seconds=100)


def test_too_little_time_left(house: House) -> None:
    """A short wait goes to another push where this one could not hold a whole attempt more."""
    job = house.submit("test.fail", {"text": "later", "seconds": 1})
    first = house.attempts

    def slow(task: Task, link: Link) -> Outcome:
        house.clock.sleep(560)
        return run_here(task, link)

    replace(first, run=slow).answer(house.job_messages()[0])
    assert house.job(job).status is Status.QUEUED
    assert [job_message.job_id for job_message in house.job_messages()] == [job.id]


def test_unknown_type(house: House) -> None:
    """A job of a type that this release does not know is refused untouched: a newer one may."""
    job = house.submit("test.echo")
    (job_message,) = house.job_messages()
    assert job_message.job is not None
    strange = job_message.job.evolve(type="test.newer")
    with pytest.raises(UnknownJobType):
        house.attempts.answer(JobMessage.to(strange))
    assert house.job(job) == job


def test_cancelled_while_running(house: House) -> None:
    """A cancelled job's handler is told at its next word, and its result is dropped."""
    told: list[bool] = []

    def cancelling(_task: Task, link: Link) -> Outcome:
        running = house.job(job)
        house.store.save(
            transitions.cancel(running, house.clock.now(), keep_for=KEEP), before=running
        )
        with pytest.raises(Cancelled):
            link.remember("{}")
        told.append(True)
        return Succeeded("1")

    job = house.submit("test.echo")
    house.attempts_with(cancelling).answer(house.job_messages()[0])
    ended = house.job(job)
    assert told
    assert (ended.status, ended.result) == (Status.CANCELLED, None)


def test_false_cancellation(house: House) -> None:
    """A handler that raises Cancelled although nobody cancelled the job has failed."""

    def lying(_task: Task, _link: Link) -> Outcome:
        return Dropped()

    job = house.submit("test.echo", max_attempts=1)
    house.attempts_with(lying).answer(house.job_messages()[0])
    failed = house.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "handler_error"


def test_handed_back(house: House) -> None:
    """A worker that must stop hands its running jobs back, and counts no attempt."""

    def stopping(_task: Task, _link: Link) -> Outcome:
        return Interrupted()

    job = house.submit("test.echo")
    house.attempts_with(stopping).answer(house.job_messages()[0])
    queued = house.job(job)
    assert (queued.status, queued.attempt, queued.attempts) == (Status.QUEUED, 0, ())
    house.work()
    done = house.job(job)
    assert (done.status, done.attempt) == (Status.SUCCEEDED, 1)


def test_steps_and_parts(house: House) -> None:
    """A handler that goes on in parts ends as the same attempt, whoever rang for each part."""
    job = house.submit("test.continue", {"seconds": 100})
    house.work()
    assert house.job(job).status is Status.QUEUED
    for _ in range(4):
        house.clock.sleep(60)
        house.sweep.run()
        house.work()
    done = house.job(job)
    assert done.result == '{"text":"part 3, attempt 1","seconds":0.0}'
    assert len(done.attempts) == 1


def test_busy(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker without a free process refuses before it claims."""
    monkeypatch.setattr("worker.attempts.attempts.SLOT_SECONDS", 0.01)
    job = house.submit("test.echo")
    with pytest.raises(WorkerBusy):
        house.attempts_with(run_here, slots=0).answer(house.job_messages()[0])
    assert house.job(job) == job


def test_store_gone_at_the_end(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the end can't be saved, the job message is refused and the lease will end by itself."""
    save = house.store.save

    def failing(job: Job, before: Job) -> Job:
        if job.is_terminal:
            raise StoreUnavailable
        return save(job, before)

    monkeypatch.setattr(house.store, "save", failing)
    job = house.submit("test.echo")
    with pytest.raises(StoreUnavailable):
        house.work()
    assert house.job(job).status is Status.RUNNING
