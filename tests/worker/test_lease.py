"""A running attempt holds its job by a short lease that it renews."""

from datetime import timedelta

import pytest

from jobs.context import Cancelled
from jobs.errors import StoreUnavailable
from jobs.job import transitions
from jobs.job.model import Job, Progress
from jobs.job.transitions import LEASE
from tests.factories import Clock, a_job
from tests.faulty import Fault, FaultyJobStore
from worker.attempts.lease import RENEW_AGAIN_SECONDS, RENEW_SECONDS, Lease

SECOND = timedelta(seconds=1)


class Harness:
    """A job that was claimed just now, and its lease."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = FaultyJobStore()
        queued = self.store.create(a_job(run_at=self.clock(), created_at=self.clock()))
        claimed = transitions.claim(queued, self.clock(), worker="here")
        self.lease = Lease(self.store, self.store.save(claimed, before=queued), self.clock.runtime)

    @property
    def job(self) -> Job:
        found = self.store.get(self.lease.job.id)
        assert found
        return found


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_a_short_attempt_writes_nothing_more(harness: Harness) -> None:
    """Before its time has come, a renewal costs nothing and says how long that is."""
    harness.clock.move(SECOND * 5)
    before = harness.job
    assert harness.lease.renew() == RENEW_SECONDS - 5
    assert harness.job == before


def test_a_long_attempt_keeps_its_job(harness: Harness) -> None:
    """Renewed in time, the lease never ends, however long the attempt takes."""
    for _ in range(30):
        harness.clock.move(timedelta(seconds=RENEW_SECONDS))
        assert harness.lease.renew() == RENEW_SECONDS
        assert not transitions.lease_ended(harness.job, harness.clock())
    assert harness.job.wake_at == harness.clock() + LEASE


def test_every_save_renews(harness: Harness) -> None:
    """Progress and checkpoints are signs of life too, so that nothing more is written."""
    harness.clock.move(SECOND * 15)
    harness.lease.report(Progress(fraction=0.5))
    assert harness.job.wake_at == harness.clock() + LEASE
    assert harness.lease.renew() == RENEW_SECONDS


def test_a_lost_job_is_noticed(harness: Harness) -> None:
    """Whoever has lost the job is told at the next renewal, and changes nothing."""
    cancelled = transitions.cancel(harness.job, harness.clock(), keep_for=LEASE)
    kept = harness.store.save(cancelled, before=harness.job)
    harness.clock.move(SECOND * 21)
    with pytest.raises(Cancelled):
        harness.lease.renew()
    assert harness.job == kept


def test_an_outage_of_the_store_ends_no_attempt(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can take the job over meanwhile; once the store is back the lease is renewed."""

    def away(*_: object, **__: object) -> Job:
        raise StoreUnavailable

    harness.clock.move(SECOND * 21)
    with monkeypatch.context() as outage:
        outage.setattr(harness.store, "save", away)
        assert harness.lease.renew() == RENEW_AGAIN_SECONDS
        harness.clock.move(SECOND * 90)
        assert harness.lease.renew() == RENEW_AGAIN_SECONDS
    assert harness.lease.renew() == RENEW_SECONDS
    assert not transitions.lease_ended(harness.job, harness.clock())


def test_a_fresh_claim_needs_no_write_to_begin(harness: Harness) -> None:
    """A handler that starts soon after its claim costs nothing more."""
    before = harness.job
    harness.clock.move(SECOND * 54)
    harness.lease.begin()
    assert harness.job == before


def test_a_worker_that_was_suspended_makes_sure_first(harness: Harness) -> None:
    """It renews its lease before the handler starts, as long as nobody else has the job."""
    harness.clock.move(SECOND * 70)
    harness.lease.begin()
    assert harness.job.wake_at == harness.clock() + LEASE


def test_a_worker_that_was_suspended_too_long_starts_nothing(harness: Harness) -> None:
    """If the job went on elsewhere, its handler must not start here."""
    harness.clock.move(LEASE * 2)
    lost = transitions.lose_lease(harness.job, harness.clock(), keep_for=LEASE)
    harness.store.save(lost, before=harness.job)
    with pytest.raises(Cancelled):
        harness.lease.begin()


def test_a_hold_that_nobody_can_confirm_is_none(harness: Harness) -> None:
    """Where the lease may have ended and the store does not say, the handler does not start."""
    harness.clock.move(LEASE)
    harness.store.fault = Fault.NOT_MADE
    with pytest.raises(Cancelled):
        harness.lease.begin()
