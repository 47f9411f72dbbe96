"""What the sweep dispatches, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest

from jobs.errors import QueueUnavailable
from jobs.job.model import Status
from jobs.job.transitions import REDISPATCH_DELAY
from tests.worker.conftest import Harness


def test_lost_job_message(harness: Harness) -> None:
    """A job message that nobody answers is dispatched again after a grace that doubles."""
    job = harness.submit("test.echo")
    harness.job_messages()
    graces = []
    for minute in range(200):
        harness.clock.moment = job.created_at + timedelta(minutes=minute)
        if harness.sweep.run().dispatched:
            wake_at = harness.job(job).wake_at
            assert wake_at is not None
            graces.append((wake_at - harness.clock.now()).total_seconds() / 60)
            assert [job_message.job_id for job_message in harness.job_messages()] == [job.id]
    assert graces == [2, 4, 8, 16, 32, 60, 60, 60]


def test_delay(harness: Harness) -> None:
    """A delayed job is dispatched at its moment within the coming minute, not before."""
    run_at = harness.clock.now() + timedelta(seconds=90)
    harness.submit("test.echo", run_at=run_at)
    assert harness.job_messages() == []
    assert harness.sweep.run().due == 0
    harness.clock.sleep(60)
    harness.sweep.run()
    assert harness.clock.now() == run_at
    assert len(harness.job_messages()) == 1


def test_sweeps_overlap(harness: Harness) -> None:
    """What is due while the next sweep may only be starting is dispatched by this one, in time."""
    run_at = harness.clock.now() + timedelta(seconds=62)
    job = harness.submit("test.echo", run_at=run_at)
    harness.sweep.run()
    assert harness.clock.now() == run_at
    harness.work()
    assert [attempt.started_at for attempt in harness.job(job).attempts] == [run_at]
    assert harness.sweep.run().due == 0


def test_more_than_one_query_reads(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard with more due jobs than one query reads is asked again, and none of them is late."""
    # One thing after the other: the test's clock does not wait for threads.
    in_turn = replace(harness.runtime, map=lambda do, items, _: map(do, items))
    sweep = replace(harness.sweep, runtime=in_turn)
    monkeypatch.setattr("worker.sweep.sweep.LIMIT", 2)
    start = harness.clock.now()
    jobs = [
        harness.submit("test.echo", run_at=start + timedelta(seconds=12 + number % 40))
        for number in range(120)
    ]
    assert sweep.run().dispatched == 120
    assert len(harness.job_messages()) == 120
    dispatched_at = [(harness.job(job).wake_at or start) - REDISPATCH_DELAY for job in jobs]
    assert dispatched_at == [job.run_at for job in jobs]


def test_nothing_due(harness: Harness) -> None:
    """Where nothing is due within the minute, the sweep does not wait."""
    harness.submit("test.echo", run_at=harness.clock.now() + timedelta(hours=1))
    before = harness.clock.now()
    assert harness.sweep.run().due == 0
    assert harness.clock.now() == before


def test_twice_at_once(harness: Harness) -> None:
    """Of two sweeps that see the same job, one dispatches."""
    harness.submit("test.echo", run_at=harness.clock.now() + timedelta(seconds=30))
    due = [
        job
        for shard in range(8)
        for job in harness.store.due(shard, harness.clock.now() + timedelta(minutes=1), 9)
    ]
    harness.clock.sleep(30)
    dispatched = [harness.sweep._wake(due[0]), harness.sweep._wake(due[0])]
    assert dispatched == [True, False]
    assert len(harness.job_messages()) == 1


def test_lost_worker(harness: Harness) -> None:
    """A running job whose lease ended is queued again and dispatched."""
    job = harness.submit("test.echo")
    harness.claims.claim(harness.job_messages()[0])
    for _ in range(2):
        harness.clock.sleep(60)
        harness.sweep.run()
    assert harness.job(job).status is Status.QUEUED
    harness.work()
    assert harness.job(job).status is Status.SUCCEEDED


def test_last_attempt_lost(harness: Harness) -> None:
    """A job that loses its worker in its last attempt fails and is not dispatched."""
    job = harness.submit("test.echo", max_attempts=1)
    harness.claims.claim(harness.job_messages()[0])
    harness.clock.sleep(60)
    harness.sweep.run()
    failed = harness.job(job)
    assert failed.status is Status.FAILED
    assert failed.error is not None
    assert failed.error.code == "worker_lost"
    assert harness.job_messages() == []


def test_queue_away(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """If publishing fails, the next grace dispatches again; the job is not lost."""
    job = harness.submit("test.echo", run_at=harness.clock.now() + timedelta(seconds=30))

    def away(_job_messages: object) -> None:
        raise QueueUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(harness.queue, "dispatch", away)
        harness.sweep.run()
    assert harness.job_messages() == []
    harness.clock.sleep(REDISPATCH_DELAY.total_seconds())
    harness.sweep.run()
    harness.work()
    assert harness.job(job).status is Status.SUCCEEDED
