"""What the sweep dispatches, and when."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from jobs.errors import QueueUnavailable
from jobs.job.model import Status
from jobs.job.transitions import REDISPATCH_DELAY
from tests.worker.conftest import House


class InTurn:
    """An executor that does what it is given when it is asked for the result."""

    map = staticmethod(map)


def test_lost_job_message(house: House) -> None:
    """A job message that nobody answers is dispatched again after a grace that doubles."""
    job = house.submit("test.echo")
    house.job_messages()
    graces = []
    for minute in range(200):
        house.clock.moment = job.created_at + timedelta(minutes=minute)
        if house.sweep.run().dispatched:
            wake_at = house.job(job).wake_at
            assert wake_at is not None
            graces.append((wake_at - house.clock.now()).total_seconds() / 60)
            assert [job_message.job_id for job_message in house.job_messages()] == [job.id]
    assert graces == [2, 4, 8, 16, 32, 60, 60, 60]


def test_delay(house: House) -> None:
    """A delayed job is dispatched at its moment within the coming minute, not before."""
    run_at = house.clock.now() + timedelta(seconds=90)
    house.submit("test.echo", run_at=run_at)
    assert house.job_messages() == []
    assert house.sweep.run().due == 0
    house.clock.sleep(60)
    house.sweep.run()
    assert house.clock.now() == run_at
    assert len(house.job_messages()) == 1


def test_sweeps_overlap(house: House) -> None:
    """What is due while the next sweep may only be starting is dispatched by this one, in time."""
    run_at = house.clock.now() + timedelta(seconds=62)
    job = house.submit("test.echo", run_at=run_at)
    house.sweep.run()
    assert house.clock.now() == run_at
    house.work()
    assert [attempt.started_at for attempt in house.job(job).attempts] == [run_at]
    assert house.sweep.run().due == 0


def test_more_than_one_query_reads(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard with more due jobs than one query reads is asked again, and none of them is late."""
    # One thing after the other: the test's clock does not wait for threads.
    monkeypatch.setattr("worker.sweep.sweep.ThreadPoolExecutor", lambda _: nullcontext(InTurn()))
    monkeypatch.setattr("worker.sweep.sweep.LIMIT", 2)
    start = house.clock.now()
    jobs = [
        house.submit("test.echo", run_at=start + timedelta(seconds=12 + number % 40))
        for number in range(120)
    ]
    assert house.sweep.run().dispatched == 120
    assert len(house.job_messages()) == 120
    dispatched_at = [(house.job(job).wake_at or start) - REDISPATCH_DELAY for job in jobs]
    assert dispatched_at == [job.run_at for job in jobs]


def test_nothing_due(house: House) -> None:
    """Where nothing is due within the minute, the sweep does not wait."""
    house.submit("test.echo", run_at=house.clock.now() + timedelta(hours=1))
    before = house.clock.now()
    assert house.sweep.run().due == 0
    assert house.clock.now() == before


def test_twice_at_once(house: House) -> None:
    """Of two sweeps that see the same job, one dispatches."""
    house.submit("test.echo", run_at=house.clock.now() + timedelta(seconds=30))
    due = [
        job
        for shard in range(8)
        for job in house.store.due(shard, house.clock.now() + timedelta(minutes=1), 9)
    ]
    house.clock.sleep(30)
    dispatched = [house.sweep._wake(due[0]), house.sweep._wake(due[0])]
    assert dispatched == [True, False]
    assert len(house.job_messages()) == 1


def test_lost_worker(house: House) -> None:
    """A running job whose lease ended is queued again and dispatched."""
    job = house.submit("test.echo")
    house.claims.claim(house.job_messages()[0])
    for _ in range(2):
        house.clock.sleep(60)
        house.sweep.run()
    assert house.job(job).status is Status.QUEUED
    house.work()
    assert house.job(job).status is Status.SUCCEEDED


def test_last_attempt_lost(house: House) -> None:
    """A job that loses its worker in its last attempt fails and is not dispatched."""
    job = house.submit("test.echo", max_attempts=1)
    house.claims.claim(house.job_messages()[0])
    house.clock.sleep(60)
    house.sweep.run()
    failed = house.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "worker_lost"
    assert house.job_messages() == []


def test_queue_away(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """If publishing fails, the next grace dispatches again; the job is not lost."""
    job = house.submit("test.echo", run_at=house.clock.now() + timedelta(seconds=30))

    def away(_job_messages: object) -> None:
        raise QueueUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(house.queue, "dispatch", away)
        house.sweep.run()
    assert house.job_messages() == []
    house.clock.sleep(REDISPATCH_DELAY.total_seconds())
    house.sweep.run()
    house.work()
    assert house.job(job).status is Status.SUCCEEDED
