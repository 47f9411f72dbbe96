"""How jobs are born: kept first, then dispatched."""

import itertools
import logging
from collections.abc import Sequence

import msgspec
import pytest

from jobs.dispatch.queue import JobMessage
from jobs.dispatch.submit import Submitted, Submitter
from jobs.errors import (
    IdempotencyKeyReused,
    InvalidRequest,
    JobExists,
    StoreUnavailable,
    VersionConflict,
)
from jobs.job.model import Job
from jobs.job.order import Order
from tests.factories import MINUTE, T0, Clock, a_registry, an_order
from tests.faulty import Fault, FaultyJobStore, FaultyQueue


class Harness:
    """A submitter on memory, and what it left there."""

    def __init__(self, store: FaultyJobStore | None = None) -> None:
        self.store = store or FaultyJobStore()
        self.queue = FaultyQueue()
        self.clock = Clock()
        ids = itertools.count()
        self.submitter = Submitter(
            store=self.store,
            queue=self.queue,
            registry=a_registry(),
            now=self.clock,
            new_id=lambda: f"job-{next(ids)}",
        )

    def submit(self, order: Order) -> Submitted:
        return self.submitter.submit(order)

    def submit_all(self, orders: Sequence[Order]) -> list[Submitted]:
        return self.submitter.submit_all(orders)

    def job_messages(self) -> list[JobMessage]:
        taken = iter(self.queue.take, None)
        return [JobMessage.decode(data) for data in taken]

    def kept(self) -> list[Job]:
        return sorted(self.store._jobs.all(), key=lambda job: job.id)


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_submit(harness: Harness) -> None:
    """A job is kept as it is returned, and one job message with it as it was kept goes out."""
    submitted = harness.submit(an_order())
    assert not submitted.replayed
    assert harness.kept() == [submitted.job]
    assert harness.job_messages() == [JobMessage.to(submitted.job)]


def test_a_later_job_is_not_dispatched_for(harness: Harness) -> None:
    """A job that is put off for long is kept, and left to the sweep."""
    harness.submit(an_order(delay=MINUTE))
    assert len(harness.kept()) == 1
    assert harness.job_messages() == []


@pytest.mark.parametrize("fault", Fault)
def test_dispatching_fails(
    harness: Harness, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    """If the queue is away the job is kept all the same, and the log says so."""
    harness.queue.fault = fault
    with caplog.at_level(logging.WARNING):
        submitted = harness.submit(an_order())
    assert harness.kept() == [submitted.job]
    assert submitted.job.wake_at == T0 + MINUTE
    (record,) = caplog.records
    assert record.__dict__["fields"] == {
        "event": "job.dispatch_failed",
        "job": submitted.job.id,
        "type": "words.say",
        "reason": "The queue can't be reached.",
    }


def test_the_store_is_away(harness: Harness) -> None:
    """A job that may not have been kept is not acknowledged and not dispatched."""
    harness.store.fault = Fault.NOT_MADE
    with pytest.raises(StoreUnavailable):
        harness.submit(an_order())
    assert harness.job_messages() == []


def test_each_submission_is_logged(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    """One event tells of each job that was submitted, and none of a replay."""
    with caplog.at_level(logging.INFO):
        harness.submit(an_order(idempotency_key="k"))
        harness.submit(an_order(idempotency_key="k"))
    events = [record.__dict__["fields"]["event"] for record in caplog.records]
    assert events == ["job.submitted"]


# With a key


def test_a_replay(harness: Harness) -> None:
    """The same request under the same key finds the first job, and does not dispatch again."""
    first = harness.submit(an_order(idempotency_key="k", delay=MINUTE))
    harness.clock.move(MINUTE)
    spelling = msgspec.Raw(b'{ "text":"hell\\u006f" }')
    again = harness.submit(an_order(idempotency_key="k", delay=MINUTE, payload=spelling))
    assert again == Submitted(first.job, replayed=True)
    assert len(harness.kept()) == 1
    assert harness.job_messages() == []


def test_a_replay_shows_the_job_as_it_is(harness: Harness) -> None:
    """A replay returns the job as it has become, not as it was born."""
    first = harness.submit(an_order(idempotency_key="k"))
    changed = harness.store.save(first.job.evolve(attempt=1), before=first.job)
    assert harness.submit(an_order(idempotency_key="k")).job == changed


def test_a_key_reused(harness: Harness) -> None:
    """Another request under the same key is refused, and changes nothing."""
    first = harness.submit(an_order(idempotency_key="k"))
    with pytest.raises(IdempotencyKeyReused):
        harness.submit(an_order(idempotency_key="k", labels={"other": "request"}))
    assert harness.kept() == [first.job]


def test_keys_are_their_owner_s(harness: Harness) -> None:
    """Two principals may use the same key for different requests."""
    harness.submit(an_order(idempotency_key="k"))
    other = harness.submit(
        an_order(idempotency_key="k", owner="user:bob@example.com", max_attempts=1)
    )
    assert not other.replayed
    assert len(harness.kept()) == 2


def test_after_an_unknown_outcome(harness: Harness) -> None:
    """A caller who got no answer repeats the request under its key, and there is one job."""
    harness.store.fault = Fault.MADE
    with pytest.raises(StoreUnavailable):
        harness.submit(an_order(idempotency_key="k"))
    again = harness.submit(an_order(idempotency_key="k"))
    assert again.replayed
    assert harness.kept() == [again.job]
    assert again.job.wake_at == T0 + MINUTE


class _Forgetting(FaultyJobStore):
    """Every job exists already, and is gone before it can be read."""

    def create(self, job: Job) -> Job:
        raise JobExists(job.id)

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        raise JobExists(jobs[0].id)


def test_the_first_was_deleted_just_now() -> None:
    """If the first job vanishes before it is read, the caller is asked to try again."""
    with pytest.raises(VersionConflict, match="deleted just now"):
        Harness(_Forgetting()).submit(an_order(idempotency_key="k"))


# Many at once


def test_a_batch(harness: Harness) -> None:
    """A batch's jobs are kept and dispatched, in the order of the orders."""
    orders = [an_order(labels={"n": str(number)}) for number in range(5)]
    orders[3] = an_order(delay=MINUTE, labels={"n": "3"})
    submitted = harness.submit_all(orders)
    assert [one.job.labels["n"] for one in submitted] == ["0", "1", "2", "3", "4"]
    assert harness.kept() == [one.job for one in submitted]
    dispatched = [submitted[number].job for number in (0, 1, 2, 4)]
    assert harness.job_messages() == [JobMessage.to(job) for job in dispatched]


def test_an_empty_batch(harness: Harness) -> None:
    """A batch of nothing does nothing."""
    assert harness.submit_all([]) == []
    assert (harness.kept(), harness.job_messages()) == ([], [])


def test_one_wrong_order_stops_the_batch(harness: Harness) -> None:
    """If one order is refused none of the jobs is made, and the error says which."""
    orders = [an_order(), an_order(), an_order(payload=msgspec.Raw(b"{}"))]
    with pytest.raises(InvalidRequest, match=r"^Job 2 of the batch: .*`\$\.payload`"):
        harness.submit_all(orders)
    assert (harness.kept(), harness.job_messages()) == ([], [])


def test_a_batch_with_replays(harness: Harness) -> None:
    """Of a batch, jobs whose key was used before are found, and the others are made."""
    first = harness.submit(an_order(idempotency_key="b"))
    harness.job_messages()
    orders = [an_order(idempotency_key=key) for key in ("a", "b", None, "c")]
    submitted = harness.submit_all(orders)
    assert [one.replayed for one in submitted] == [False, True, False, False]
    assert submitted[1].job == first.job
    assert len(harness.kept()) == 4
    made = [one.job for one in submitted if not one.replayed]
    assert harness.job_messages() == [JobMessage.to(job) for job in made]


def test_a_batch_twice(harness: Harness) -> None:
    """A batch that is sent again finds all of its jobs."""
    orders = [an_order(idempotency_key=key) for key in ("a", "b")]
    first = harness.submit_all(orders)
    again = harness.submit_all(orders)
    assert again == [Submitted(one.job, replayed=True) for one in first]


def test_a_batch_reuses_a_key(harness: Harness) -> None:
    """If one key was used for another request none of the jobs is made."""
    first = harness.submit(an_order(idempotency_key="b"))
    orders = [an_order(idempotency_key="a"), an_order(idempotency_key="b", max_attempts=1)]
    with pytest.raises(IdempotencyKeyReused):
        harness.submit_all(orders)
    assert harness.kept() == [first.job]


def test_one_key_twice_in_a_batch(harness: Harness) -> None:
    """Two jobs of a batch can't share a key."""
    with pytest.raises(IdempotencyKeyReused, match="same idempotency key"):
        harness.submit_all([an_order(idempotency_key="a"), an_order(idempotency_key="a")])
    assert harness.kept() == []


def test_a_batch_that_never_settles() -> None:
    """If others keep making and deleting the same jobs, the caller is asked to try again."""
    with pytest.raises(VersionConflict, match="Try again"):
        Harness(_Forgetting()).submit_all([an_order(idempotency_key="a")])


def test_a_batch_and_a_queue_that_is_away(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    """If dispatching a batch fails, its jobs are kept all the same."""
    harness.queue.fault = Fault.NOT_MADE
    with caplog.at_level(logging.WARNING):
        submitted = harness.submit_all([an_order(), an_order()])
    assert harness.kept() == [one.job for one in submitted]
    assert len(caplog.records) == 2


def test_a_new_job_does_not_expire(harness: Harness) -> None:
    """A new job does not expire: how long it is kept counts from its end."""
    assert harness.submit(an_order()).job.expire_at is None
