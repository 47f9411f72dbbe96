"""From a job message to the outcome that the store holds."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from jobs.context import Cancelled, Link
from jobs.dispatch.queue import JobMessage
from jobs.errors import StoreUnavailable, UnknownJobType
from jobs.job import transitions
from jobs.job.model import AttemptOutcome as Ended
from jobs.job.model import Job, Status
from tests.worker.conftest import Harness, run_here
from worker.attempts.attempts import WorkerBusy
from worker.attempts.outcome import Dropped, HandlerOutcome, Interrupted, Succeeded
from worker.processes.run import Task

KEEP = timedelta(days=30)


def test_success(harness: Harness) -> None:
    """A job message takes its job to its result."""
    job = harness.submit("test.echo", {"text": "hello"})
    harness.work()
    done = harness.job(job)
    assert done.status is Status.SUCCEEDED
    assert done.result == '{"text":"hello","seconds":0.0}'
    assert done.wake_at is None
    assert done.expire_at == harness.clock.now() + KEEP
    assert [attempt.outcome for attempt in done.attempts] == [Ended.SUCCEEDED]


def test_duplicates(harness: Harness) -> None:
    """A job message that comes twice, or after the end, does nothing more."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    harness.attempts.answer(job_message)
    done = harness.job(job)
    harness.attempts.answer(job_message)
    harness.attempts.answer(JobMessage(job_id=job.id, version=job.version))
    assert harness.job(job) == done


def test_deleted(harness: Harness) -> None:
    """A job message for a job that is gone is old news."""
    job = harness.submit("test.echo")
    harness.store.delete(job.id, job.version)
    harness.work()
    assert harness.store.get(job.id) is None


def test_reference(harness: Harness) -> None:
    """A job message without the job works as well, by reading it."""
    job = harness.submit("test.echo")
    harness.attempts.answer(JobMessage(job_id=job.id, version=job.version))
    assert harness.job(job).status is Status.SUCCEEDED


def test_outdated_but_claimable(harness: Harness) -> None:
    """An outdated job message still claims a job that is queued and due."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    harness.store.save(transitions.dispatch(job, harness.clock.now()), before=job)
    harness.attempts.answer(job_message)
    assert harness.job(job).status is Status.SUCCEEDED


def test_no_second_lease(harness: Harness) -> None:
    """A job message for a job whose lease is alive is acknowledged and does nothing."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    claimed = harness.claims.claim(job_message)
    harness.attempts.answer(job_message)
    assert harness.job(job) == claimed


def test_lost_worker(harness: Harness) -> None:
    """A job whose lease has ended goes on, and the lost attempt counts."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    harness.claims.claim(job_message)
    harness.clock.sleep(3600)
    harness.attempts.answer(job_message)
    done = harness.job(job)
    assert [attempt.outcome for attempt in done.attempts] == [Ended.LOST, Ended.SUCCEEDED]
    assert done.attempt == 2


def test_killer_job_fails(harness: Harness) -> None:
    """A job that loses its worker every time fails in the end."""
    job = harness.submit("test.echo", max_attempts=2)
    for _ in range(4):
        harness.claims.claim(JobMessage(job_id=job.id, version=job.version))
        harness.clock.sleep(3600)
    failed = harness.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "worker_lost"
    assert [attempt.outcome for attempt in failed.attempts] == [Ended.LOST, Ended.LOST]


def test_late_result(harness: Harness) -> None:
    """A result that comes after its lease was lost is dropped."""

    def slow(task: Task, link: Link) -> HandlerOutcome:
        harness.clock.sleep(3600)
        harness.claims.claim(JobMessage(job_id=job.id, version=job.version))
        return run_here(task, link)

    job = harness.submit("test.echo")
    harness.attempts_with(slow).answer(harness.job_messages()[0])
    running = harness.job(job)
    assert running.status is Status.RUNNING
    assert running.attempt == 2


def test_short_retries(harness: Harness) -> None:
    """Short waits go by in pushes of their own; every attempt's error is kept."""
    job = harness.submit("test.fail", {"text": "again"})
    harness.work()
    failed = harness.job(job)
    assert failed.status is Status.FAILED
    assert failed.attempt == failed.max_attempts == 3
    assert [attempt.number for attempt in failed.attempts] == [1, 2, 3]
    assert {attempt.worker for attempt in failed.attempts} == {"here"}
    assert failed.error == failed.attempts[-1].error
    starts = [attempt.started_at for attempt in failed.attempts]
    waits = [later - earlier for earlier, later in pairwise(starts)]
    assert waits == [timedelta(seconds=0.01), timedelta(seconds=0.02)]


def test_permanent_error(harness: Harness) -> None:
    """A permanent error ends the job at its first attempt."""
    job = harness.submit("test.fail", {"text": "permanent"})
    harness.work()
    failed = harness.job(job)
    assert (failed.status, failed.attempt) == (Status.FAILED, 1)
    assert failed.error is not None
    assert (failed.error.code, failed.error.message) == ("permanent_error", "no use")


def test_long_wait_is_the_sweeps(harness: Harness) -> None:
    """A long wait gives the push up; the job waits for its time under the sweep's eye."""
    job = harness.submit("test.fail", {"text": "later", "seconds": 100})
    harness.work()
    waiting = harness.job(job)
    assert waiting.status is Status.QUEUED
    assert waiting.run_at == waiting.wake_at == harness.clock.now() + timedelta(seconds=100)


def test_a_waiting_job_holds_no_place(harness: Harness) -> None:
    """A job that fails again and again lets the others in between, and frees its process."""
    stubborn = harness.submit("test.fail", {"text": "later", "seconds": 4}, max_attempts=100)
    other = harness.submit("test.echo")
    first, second = harness.job_messages()
    attempts = harness.attempts_with(run_here, slots=1)
    attempts.answer(first)
    (again,) = harness.job_messages()
    assert harness.job(stubborn).status is Status.QUEUED
    attempts.answer(second)
    assert harness.job(other).status is Status.SUCCEEDED

    free: list[bool] = []

    def watching(seconds: float) -> None:
        free.append(attempts.slots.acquire(timeout=0))
        attempts.slots.release()
        harness.clock.sleep(seconds)

    waiting = replace(attempts, claims=replace(harness.claims, sleep=watching))
    waiting.answer(again)
    assert free == [True]


def test_a_handler_that_ends_its_worker_does_not_go_round_for_ever(harness: Harness) -> None:
    """After so many workers in turn have stopped while they ran it, the attempt counts."""
    job = harness.submit("test.echo", max_attempts=1)
    stopping = harness.attempts_with(lambda _task, _hold: Interrupted())
    for _ in range(transitions.MAX_HAND_BACKS + 1):
        (job_message,) = harness.job_messages()
        stopping.answer(job_message)
    failed = harness.job(job)
    assert (failed.status, failed.attempt) == (Status.FAILED, 1)
    assert failed.error is not None
    assert failed.error.code == "worker_lost"


def test_unknown_type(harness: Harness) -> None:
    """A job of a type that this release does not know is refused untouched: a newer one may."""
    job = harness.submit("test.echo")
    (job_message,) = harness.job_messages()
    assert job_message.job is not None
    strange = job_message.job.evolve(type="test.newer")
    with pytest.raises(UnknownJobType):
        harness.attempts.answer(JobMessage.to(strange))
    assert harness.job(job) == job


def test_cancelled_while_running(harness: Harness) -> None:
    """A cancelled job's handler is told at its next word, and its result is dropped."""
    told: list[bool] = []

    def cancelling(_task: Task, link: Link) -> HandlerOutcome:
        running = harness.job(job)
        harness.store.save(
            transitions.cancel(running, harness.clock.now(), keep_for=KEEP), before=running
        )
        with pytest.raises(Cancelled):
            link.remember("{}")
        told.append(True)
        return Succeeded("1")

    job = harness.submit("test.echo")
    harness.attempts_with(cancelling).answer(harness.job_messages()[0])
    ended = harness.job(job)
    assert told
    assert (ended.status, ended.result) == (Status.CANCELLED, None)


def test_false_cancellation(harness: Harness) -> None:
    """A handler that raises Cancelled although nobody cancelled the job has failed."""

    def lying(_task: Task, _link: Link) -> HandlerOutcome:
        return Dropped()

    job = harness.submit("test.echo", max_attempts=1)
    harness.attempts_with(lying).answer(harness.job_messages()[0])
    failed = harness.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "handler_error"


def test_handed_back(harness: Harness) -> None:
    """A worker that must stop hands its running jobs back, and counts no attempt."""

    def stopping(_task: Task, _link: Link) -> HandlerOutcome:
        return Interrupted()

    job = harness.submit("test.echo")
    harness.attempts_with(stopping).answer(harness.job_messages()[0])
    queued = harness.job(job)
    assert (queued.status, queued.attempt, queued.attempts) == (Status.QUEUED, 0, ())
    harness.work()
    done = harness.job(job)
    assert (done.status, done.attempt) == (Status.SUCCEEDED, 1)


def test_steps_and_parts(harness: Harness) -> None:
    """A handler that goes on in parts ends as the same attempt, whoever rang for each part."""
    job = harness.submit("test.continue", {"seconds": 100})
    harness.work()
    assert harness.job(job).status is Status.QUEUED
    for _ in range(4):
        harness.clock.sleep(60)
        harness.sweep.run()
        harness.work()
    done = harness.job(job)
    assert done.result == '{"text":"part 3, attempt 1","seconds":0.0}'
    assert len(done.attempts) == 1


def test_busy(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker without a free process refuses before it claims."""
    monkeypatch.setattr("worker.attempts.attempts.SLOT_SECONDS", 0.01)
    job = harness.submit("test.echo")
    with pytest.raises(WorkerBusy):
        harness.attempts_with(run_here, slots=0).answer(harness.job_messages()[0])
    assert harness.job(job) == job


def test_store_gone_at_the_end(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the end can't be saved, the job message is refused and the lease will end by itself."""
    save = harness.store.save

    def failing(job: Job, before: Job) -> Job:
        if job.is_terminal:
            raise StoreUnavailable
        return save(job, before)

    monkeypatch.setattr(harness.store, "save", failing)
    job = harness.submit("test.echo")
    with pytest.raises(StoreUnavailable):
        harness.work()
    assert harness.job(job).status is Status.RUNNING
