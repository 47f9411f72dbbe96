"""What is promised, under any interleaving of whatever may happen to jobs.

Never two live leases on one job; a finished job never changes unless somebody asks for it; no
attempts beyond the allowed; nothing lost and nothing stuck. What must hold is written down beside
the store, so the store does not vouch for itself.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from unittest.mock import patch

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import worker.attempts.lease
from jobs.context import Cancelled
from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import JobMessage
from jobs.dispatch.submit import Submitter
from jobs.errors import JobNotFound, StoreUnavailable, TransitionRefused
from jobs.job import transitions
from jobs.job.change import change
from jobs.job.model import SHARDS, Job, Progress, Status
from tests.factories import KEEP_FOR, Clock, a_registry, an_error, an_order
from tests.faulty import Fault, FaultyJobStore, FaultyQueue
from worker.attempts.claim import Claims
from worker.attempts.lease import Lease
from worker.sweep.sweep import AHEAD, LIMIT, Sweep

JOBS = 3
"""Few, so that much happens to each."""

PICKS = st.integers(0, 1000)
"""Picks one of what there is, whatever there is."""

WAITS = st.sampled_from([0, 1, 5, 6, 59, 60, 61, 1800, 7200]).map(
    lambda seconds: timedelta(seconds=seconds)
)
FAULTS = st.sampled_from([None, None, None, *Fault])


class Ask(Enum):
    """What callers ask for."""

    CANCEL = auto()
    RETRY = auto()
    DELETE = auto()


class Delivery(Enum):
    """How often a job message arrives."""

    ONCE = auto()
    AND_AGAIN = auto()
    NEVER = auto()


class End(Enum):
    """What becomes of an attempt."""

    SUCCESS = auto()
    FAILURE = auto()
    LAST_FAILURE = auto()
    PAUSE = auto()
    HAND_BACK = auto()
    CRASH = auto()


@dataclass
class Attempt:
    """One claim, as this test saw it."""

    lease: Lease

    @property
    def until(self) -> datetime:
        """When the lease ends if nothing else happens. Until then nobody else may hold the job."""
        return self.lease.job.wake_at or self.lease.job.run_at


class Seen(FaultyJobStore):
    """Another store as it was when a sweep saw this job in it."""

    def __init__(self, store: FaultyJobStore, job: Job) -> None:
        super().__init__()
        self._jobs = store._jobs
        self._seen = [job]

    def due(self, shard: int, before: datetime, limit: int) -> list[Job]:
        return [
            job for job in self._seen if job.shard == shard and job.wake_at and job.wake_at < before
        ][:limit]


class Promises(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.store = FaultyJobStore()
        self.queue = FaultyQueue()
        registry = a_registry()
        ids = itertools.count()
        self.submitter = Submitter(
            store=self.store,
            queue=self.queue,
            registry=registry,
            now=self.clock,
            new_id=lambda: f"job-{next(ids)}",
        )
        self.claims = Claims(
            store=self.store,
            registry=registry,
            worker="here",
            now=self.clock,
            sleep=self.clock.sleep,
        )
        self.sweep = Sweep(
            store=self.store,
            queue=self.queue,
            registry=registry,
            runtime=self.clock.runtime,
        )
        self.acknowledged: set[str] = set()
        self.finished: dict[str, Job] = {}
        self.counted: dict[str, int] = {}
        """How many attempts of each job count, since it was last wanted anew."""
        self.live: dict[str, Attempt] = {}
        """The last attempt of each job, unless its end is known to the store."""
        self.working: list[Attempt] = []
        """Attempts whose worker is still there, whatever the store thinks of them."""
        self.job_messages: list[bytes] = []
        self.seen_by_callers: list[Job] = []
        self.seen_by_sweeps: list[Job] = []
        # Reports are paced by real time, of which none passes here.
        self.pace = patch.object(worker.attempts.lease, "PACE_SECONDS", 0.0)
        self.pace.start()

    # What callers do

    @precondition(lambda self: len(self.acknowledged) < JOBS)
    @rule(
        delay=WAITS,
        max_attempts=st.integers(1, 2),
        keys=st.lists(st.sampled_from([None, "one", "two"]), min_size=1, max_size=2, unique=True),
        fault=FAULTS,
        dispatch_fault=FAULTS,
    )
    def submit(
        self,
        delay: timedelta,
        max_attempts: int,
        keys: list[str | None],
        fault: Fault | None,
        dispatch_fault: Fault | None,
    ) -> None:
        orders = [
            an_order(idempotency_key=key)
            if key
            else an_order(delay=delay, max_attempts=max_attempts)
            for key in keys
        ]
        self.store.fault, self.queue.fault = fault, dispatch_fault
        try:
            if len(orders) == 1:
                submitted = [self.submitter.submit(orders[0])]
            else:
                submitted = self.submitter.submit_all(orders)
        except StoreUnavailable:
            return
        finally:
            self.store.fault = self.queue.fault = None
        self.acknowledged |= {one.job.id for one in submitted}

    @precondition(lambda self: self.acknowledged)
    @rule(pick=PICKS, what=st.sampled_from(Ask), outdated=st.booleans())
    def ask(self, pick: int, what: Ask, outdated: bool) -> None:
        """A caller asks for something, having read the job just now or some time ago."""
        self.seen_by_callers.append(self._job(pick))
        seen = self.seen_by_callers[pick % len(self.seen_by_callers) if outdated else -1]
        match what:
            case Ask.CANCEL:
                self._cancel(seen)
            case Ask.RETRY:
                self._retry(seen)
            case Ask.DELETE:
                self._delete(self._job(pick))

    # What becomes of job messages

    @precondition(lambda self: self.job_messages)
    @rule()
    def answer(self) -> None:
        """The common way. Without arguments, so that it is often tried."""
        self._claim(JobMessage.decode(self.job_messages.pop(0)), None)

    @precondition(lambda self: self.job_messages)
    @rule(pick=PICKS, times=st.sampled_from(Delivery), short=st.booleans(), fault=FAULTS)
    def deliver(self, pick: int, times: Delivery, short: bool, fault: Fault | None) -> None:
        """In any order, with the job or without."""
        place = pick % len(self.job_messages)
        job_message = JobMessage.decode(self.job_messages[place])
        if times is not Delivery.AND_AGAIN:
            self.job_messages.pop(place)
        if short:
            job_message = JobMessage(job_id=job_message.job_id, version=job_message.version)
        if times is not Delivery.NEVER:
            self._claim(job_message, fault)

    # What workers do

    @precondition(lambda self: self.working)
    @rule(pick=PICKS, checkpoint=st.booleans(), fault=FAULTS)
    def say_something(self, pick: int, checkpoint: bool, fault: Fault | None) -> None:
        attempt = self._attempt(pick)
        self.store.fault = fault
        try:
            if checkpoint:
                attempt.lease.remember('{"state":1}')
            else:
                attempt.lease.report(Progress(fraction=0.5))
        except Cancelled:
            self.working.remove(attempt)
        except StoreUnavailable:
            assert checkpoint, "progress is not worth an attempt"
        finally:
            self.store.fault = None

    @precondition(lambda self: self.working)
    @rule()
    def fail(self) -> None:
        """A common end."""
        self._end(self.working.pop(0), End.FAILURE, timedelta(), None)

    @precondition(lambda self: self.working)
    @rule(
        pick=PICKS,
        how=st.sampled_from([*End, End.FAILURE]),
        delay=WAITS,
        goes_on=st.booleans(),
        fault=FAULTS,
    )
    def end(
        self, pick: int, how: End, delay: timedelta, goes_on: bool, fault: Fault | None
    ) -> None:
        attempt = self._attempt(pick)
        self.working.remove(attempt)
        if how is End.CRASH:
            return
        ended = self._end(attempt, how, delay, fault)
        if ended and ended.dispatches and goes_on:
            try_dispatch(self.queue, [ended])

    # What sweeps and clocks do

    @precondition(lambda self: self._waking())
    @rule(in_time=st.booleans(), acts=st.booleans())
    def look(self, in_time: bool, acts: bool) -> None:
        """A sweep reads what is due; what it does about it may come any time later."""
        if in_time:
            self._wait_for_the_next_wake_at()
        for shard in range(SHARDS):
            self.seen_by_sweeps += self.store.due(shard, self.clock() + AHEAD, LIMIT)
        while acts and self.seen_by_sweeps:
            self.wake(-1)

    @precondition(lambda self: self.seen_by_sweeps)
    @rule(pick=PICKS)
    def wake(self, pick: int) -> None:
        job = self.seen_by_sweeps.pop(pick % len(self.seen_by_sweeps))
        replace(self.sweep, store=Seen(self.store, job)).run()

    @precondition(lambda self: self._waking())
    @rule(wait=WAITS)
    def wait(self, wait: timedelta) -> None:
        self.clock.move(wait)

    # What must hold

    @invariant()
    def every_job_is_looked_after(self) -> None:
        for job in self._jobs():
            if job.is_terminal:
                assert job.wake_at is None
                assert job.finished_at is not None
                assert job.expire_at == job.finished_at + KEEP_FOR
            else:
                assert job.wake_at is not None
                latest = max(self.clock(), job.run_at) + transitions.LONGEST_REDISPATCH_DELAY
                assert job.wake_at <= latest

    @invariant()
    def finished_jobs_do_not_change(self) -> None:
        for job in self._jobs():
            if job.is_terminal:
                self.finished.setdefault(job.id, job)
        for job_id, job in self.finished.items():
            assert self.store.get(job_id) == job

    @invariant()
    def attempts_stay_within_their_number(self) -> None:
        for job in self._jobs():
            assert 0 <= job.attempt <= job.max_attempts
            assert self.counted.get(job.id, 0) <= job.max_attempts

    @invariant()
    def nothing_is_lost(self) -> None:
        assert all(self.store.get(job_id) for job_id in self.acknowledged)

    @invariant()
    def take_up_job_messages(self) -> None:
        self.job_messages += iter(self.queue.take, None)

    def teardown(self) -> None:
        """From wherever this came to, the sweep alone brings every job to its end."""
        try:
            for _ in range(100):
                if all(job.is_terminal for job in self._jobs()):
                    break
                self._sweep_and_work()
            else:
                raise AssertionError(f"stuck: {self._jobs()}")
            self.finished_jobs_do_not_change()
            self.nothing_is_lost()
        finally:
            self.pace.stop()

    # How it is done

    def _cancel(self, seen: Job) -> None:
        try:
            change(
                self.store,
                seen,
                lambda job: transitions.cancel(job, self.clock(), keep_for=KEEP_FOR),
            )
        except JobNotFound:
            assert seen.id not in self.acknowledged
        except TransitionRefused:
            assert seen.is_terminal or seen.id in self.finished
        else:
            assert seen.id not in self.finished
            self.live.pop(seen.id, None)

    def _retry(self, seen: Job) -> None:
        try:
            kept = change(self.store, seen, lambda job: transitions.retry(job, self.clock()))
        except (JobNotFound, TransitionRefused):
            return
        assert self.finished.pop(seen.id).status in {Status.FAILED, Status.CANCELLED}
        self.counted[seen.id] = 0
        try_dispatch(self.queue, [kept])

    def _delete(self, job: Job) -> None:
        if job.is_terminal:
            self.store.delete(job.id, job.version)
            self.acknowledged.remove(job.id)
            del self.finished[job.id]
            self.counted.pop(job.id, None)

    def _claim(self, job_message: JobMessage, fault: Fault | None) -> Attempt | None:
        # Two claims never happen in the same microsecond.
        self.clock.move(timedelta(microseconds=1))
        self.store.fault = fault
        before = self.store.get(job_message.job_id)
        try:
            return self._started(self.claims.claim(job_message))
        except StoreUnavailable:
            after = self.store.get(job_message.job_id)
            if after and after != before and after.status is Status.RUNNING:
                # Nobody knows of this attempt, but it is one.
                self._started(after)
                self.working.pop()
            return None
        finally:
            self.store.fault = None

    def _started(self, job: Job | None) -> Attempt | None:
        if job is None:
            return None
        now = self.clock()
        assert job.status is Status.RUNNING
        assert now >= job.run_at
        assert job.id not in self.finished, "a finished job was started"
        last = self.live.get(job.id)
        assert last is None or last.until <= now, "two live leases on one job"
        attempt = Attempt(Lease(self.store, job, self.clock.runtime))
        self.live[job.id] = attempt
        self.working.append(attempt)
        self.counted[job.id] = self.counted.get(job.id, 0) + 1
        return attempt

    def _end(self, attempt: Attempt, how: End, delay: timedelta, fault: Fault | None) -> Job | None:
        """The job as this attempt left it, or None if it had lost it or can't know."""
        self.store.fault = fault
        before = self.store.get(attempt.lease.job.id)
        try:
            attempt.lease.end(self._transition(how, delay))
        except Cancelled:
            return None
        except StoreUnavailable:
            answered = False
        else:
            answered = True
        finally:
            self.store.fault = None
        ended = self.store.get(attempt.lease.job.id)
        if ended is None or ended == before:
            return None
        del self.live[ended.id]
        if how in {End.PAUSE, End.HAND_BACK}:
            self.counted[ended.id] -= 1
        return ended if answered else None

    def _transition(self, how: End, delay: timedelta) -> Callable[[Job], Job]:
        def transition(job: Job) -> Job:
            now = self.clock()
            match how:
                case End.SUCCESS:
                    return transitions.succeed(job, now, '"done"', keep_for=KEEP_FOR)
                case End.PAUSE:
                    return transitions.pause(job, now, delay)
                case End.HAND_BACK:
                    return transitions.hand_back(job, now, keep_for=KEEP_FOR)
                case _:
                    retried = delay if how is End.FAILURE else None
                    error = an_error()
                    return transitions.fail(job, now, error, delay=retried, keep_for=KEEP_FOR)

        return transition

    def _sweep_and_work(self) -> None:
        self._wait_for_the_next_wake_at()
        self.sweep.run()
        for data in iter(self.queue.take, None):
            if attempt := self._claim(JobMessage.decode(data), None):
                self._end(attempt, End.SUCCESS, timedelta(), None)

    def _waking(self) -> list[datetime]:
        return [job.wake_at for job in self._jobs() if job.wake_at]

    def _wait_for_the_next_wake_at(self) -> None:
        self.clock.move(max(timedelta(), min(self._waking()) - self.clock()))

    def _jobs(self) -> list[Job]:
        return sorted(self.store._jobs.all(), key=lambda job: (job.created_at, job.id))

    def _job(self, pick: int) -> Job:
        jobs = [job for job in self._jobs() if job.id in self.acknowledged]
        return jobs[pick % len(jobs)]

    def _attempt(self, pick: int) -> Attempt:
        return self.working[pick % len(self.working)]


# As long as it takes to search on, and to make a failure short.
TestPromises = pytest.mark.timeout(3600)(Promises.TestCase)
