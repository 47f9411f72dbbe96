"""Changes that a person asks for, whatever state the job is in by the time they arrive."""

from collections.abc import Callable

import pytest

from jobs.errors import JobNotFound, StoreUnavailable, TransitionRefused, VersionConflict
from jobs.events.model import Event
from jobs.job import transitions
from jobs.job.change import TRIES, change
from jobs.job.model import Job, Status
from tests.factories import KEEP_FOR, T0, a_job
from tests.faulty import Fault, FaultyJobStore


def _cancel(job: Job) -> Job:
    return transitions.cancel(job, T0, keep_for=KEEP_FOR)


class Quicker(FaultyJobStore):
    """Before each of the next saves somebody else changes the job."""

    def __init__(self, *changes: Callable[[Job], Job]) -> None:
        super().__init__()
        self._changes = list(changes)
        self.saves = 0

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        self.saves += 1
        if self._changes:
            latest = self._jobs.get(job.id)
            assert latest
            super().save(self._changes.pop(0)(latest), before=latest)
        return super().save(job, before, event)


def _progress(job: Job) -> Job:
    return job.evolve(dispatches=job.dispatches + 1)


def test_change() -> None:
    """A change is applied and saved."""
    store = FaultyJobStore()
    kept = change(store, store.create(a_job()), _cancel)
    assert kept.status is Status.CANCELLED
    assert store.get(kept.id) == kept


def test_somebody_was_quicker() -> None:
    """A change that comes second is applied to what the first one left."""
    store = Quicker(_progress, _progress)
    kept = change(store, store.create(a_job(dispatches=1)), _cancel)
    assert (kept.status, store.saves) == (Status.CANCELLED, 3)


def test_the_latest_decides() -> None:
    """A change that what others left does not allow is refused, and changes nothing."""
    store = Quicker(lambda job: job.evolve(status=Status.SUCCEEDED))
    job = store.create(a_job(status=Status.RUNNING))
    with pytest.raises(TransitionRefused):
        change(store, job, _cancel)
    kept = store.get(job.id)
    assert kept
    assert kept.status is Status.SUCCEEDED


def test_nothing_to_change() -> None:
    """A transition that returns the job as it is costs no write."""
    store = Quicker()
    job = store.create(a_job())
    assert change(store, job, lambda job: job) is job
    assert store.saves == 0


def test_the_job_is_gone() -> None:
    """A job that was deleted meanwhile is not found."""
    store = FaultyJobStore()
    job = store.create(a_job())
    store.delete(job.id, job.version)
    with pytest.raises(JobNotFound):
        change(store, job, _cancel)


def test_others_are_always_quicker() -> None:
    """After some tries the change gives up with a conflict."""
    store = Quicker(*[_progress] * TRIES)
    with pytest.raises(VersionConflict):
        change(store, store.create(a_job()), _cancel)
    assert store.saves == TRIES


def test_the_store_is_away() -> None:
    """A store that can't be reached is no conflict: the caller is told."""
    store = FaultyJobStore()
    job = store.create(a_job())
    store.fault = Fault.NOT_MADE
    with pytest.raises(StoreUnavailable):
        change(store, job, _cancel)
    assert store.get(job.id) == job
