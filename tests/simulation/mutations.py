"""Faults put into the code on purpose, one at a time: the simulation must find each."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final
from unittest.mock import patch

from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.submit import Submitted, Submitter
from jobs.errors import JobExists, StoreUnavailable
from jobs.events.event_recording import AnnouncingJobStore
from jobs.job import order, transitions
from jobs.job.model import Job, Status
from jobs.memory.jobs import MemoryJobStore
from jobs.memory.versioned import Versioned
from worker.attempts import lease
from worker.attempts.attempts import Attempts, WorkerBusy
from worker.attempts.lease import Lease
from worker.dead_letters.recorder import DeadLetterRecorder
from worker.events.fan_out import FanOut
from worker.sweep.schedule_runner import ScheduleRunner
from worker.sweep.sweep import Sweep

Mutation = Callable[[], Any]
MUTATIONS: Final[dict[str, Mutation]] = {}


def mutation(make: Callable[[], Iterator[None]]) -> Mutation:
    """A context manager under whose name the fault is known."""
    MUTATIONS[make.__name__] = contextmanager(make)
    return MUTATIONS[make.__name__]


@mutation
def a_save_ignores_the_version() -> Iterator[None]:
    """Compare-and-set without the comparison."""
    with patch.object(Versioned, "expect", lambda *_: None):
        yield


@mutation
def a_create_ignores_what_is_there() -> Iterator[None]:
    """The second submission under a key overwrites the first."""
    with patch.object(MemoryJobStore, "create", lambda self, job: self._jobs.keep(job)):
        yield


@mutation
def the_answer_comes_before_the_write() -> Iterator[None]:
    """202, whether or not the job was kept."""

    def submit_anyway(self: Submitter, order_: Any) -> Submitted:
        job = order.job_for(order_, self.registry, self.now(), self.new_id, self.secrets)
        try:
            kept = self.store.create(job)
        except (StoreUnavailable, JobExists):
            return Submitted(job, replayed=False)
        try_dispatch(self.queue, [kept])
        return Submitted(kept, replayed=False)

    with patch.object(Submitter, "submit", submit_anyway):
        yield


@mutation
def a_submission_is_not_dispatched() -> Iterator[None]:
    """The sweep has to find it."""
    with patch.object(Submitter, "_dispatch", lambda *_: None):
        yield


@mutation
def an_idempotency_key_makes_another_id_each_time() -> Iterator[None]:
    """The key is taken, and means nothing."""
    number = iter(range(1_000_000_000))
    with patch.object(order, "derived_id", lambda *_: f"{next(number):032x}"):
        yield


@mutation
def a_lease_is_not_renewed() -> Iterator[None]:
    """A long attempt loses its job to the sweep."""
    with patch.object(Lease, "renew", lambda _: 20.0):
        yield


@mutation
def a_handler_starts_whatever_the_lease_says() -> Iterator[None]:
    """A process that was suspended after its claim goes on as if nothing had been."""
    with patch.object(Lease, "begin", lambda _: None):
        yield


@mutation
def a_live_lease_counts_as_ended() -> Iterator[None]:
    """A message for a running job takes it from its worker."""
    with patch.object(transitions, "lease_ended", lambda job, _: job.status is Status.RUNNING):
        yield


@mutation
def whoever_runs_the_job_may_finish_it() -> Iterator[None]:
    """An attempt that lost its job takes another attempt for itself."""
    with patch.object(lease, "_same_attempt", lambda latest, _: latest.status is Status.RUNNING):
        yield


@mutation
def an_attempt_is_known_by_its_number_alone() -> Iterator[None]:
    """After a retry the numbers come again."""

    def same(latest: Job, held: Job) -> bool:
        return latest.status is Status.RUNNING and latest.attempt == held.attempt

    with patch.object(lease, "_same_attempt", same):
        yield


@mutation
def a_lost_attempt_does_not_count() -> Iterator[None]:
    """A handler that ends its worker goes round for ever."""
    lose = transitions._lose

    def uncounted(job: Job, *arguments: Any) -> Job:
        lost = lose(job, *arguments)
        return lost if lost.is_terminal else lost.evolve(attempt=job.attempt - 1)

    with patch.object(transitions, "_lose", uncounted):
        yield


@mutation
def a_pause_counts_as_an_attempt() -> Iterator[None]:
    """`Continue` uses attempts up."""
    pause = transitions.pause

    def counted(job: Job, now: Any, delay: timedelta) -> Job:
        return pause(job, now, delay).evolve(attempt=job.attempt)

    with patch.object(transitions, "pause", counted):
        yield


@mutation
def the_last_attempt_is_followed_by_another() -> Iterator[None]:
    """`max_attempts` is not looked at."""
    fail = transitions.fail

    def again(job: Job, *arguments: Any, **named: Any) -> Job:
        return fail(job.evolve(max_attempts=job.max_attempts + 1), *arguments, **named).evolve(
            max_attempts=job.max_attempts
        )

    with patch.object(transitions, "fail", again):
        yield


@mutation
def a_job_is_claimed_before_its_time() -> Iterator[None]:
    """`run_at` is not looked at."""
    claim = transitions.claim

    def early(job: Job, now: Any, **named: Any) -> Job:
        return claim(job.evolve(run_at=min(now, job.run_at)), now, **named).evolve(
            run_at=job.run_at
        )

    with patch.object(transitions, "claim", early):
        yield


@mutation
def nobody_looks_after_what_was_handed_back() -> Iterator[None]:
    """A hand-back without `wake_at`."""
    hand_back = transitions.hand_back

    def forgetful(*arguments: Any, **named: Any) -> Job:
        return hand_back(*arguments, **named).evolve(wake_at=None)

    with patch.object(transitions, "hand_back", forgetful):
        yield


@mutation
def what_was_handed_back_is_not_dispatched() -> Iterator[None]:
    """The sweep finds it a minute later."""
    ended = Attempts._attempt

    def silent(self: Attempts, *arguments: Any) -> Job | None:
        job = ended(self, *arguments)
        return None if job and job.handed_back else job

    with patch.object(Attempts, "_attempt", silent):
        yield


@mutation
def a_slot_is_kept_when_the_store_is_away() -> Iterator[None]:
    """After some outages a worker has no places any more."""

    def leaking(self: Attempts, job_message: Any) -> None:
        job = self.claims.awaited(job_message)
        if job is None:
            return
        if not self.slots.acquire(timeout=20.0):
            raise WorkerBusy
        claimed = self.claims.claim(job_message, job)
        ended = self._attempt(claimed, self.runtime.boot_time()) if claimed else None
        self.slots.release()
        if ended and not ended.is_terminal:
            try_dispatch(self.queue, [ended])

    with patch.object(Attempts, "answer", leaking):
        yield


@mutation
def the_sweep_does_not_look_at_running_jobs() -> Iterator[None]:
    """What a dead worker had stays with it."""
    with (
        patch.object(Sweep, "_may_be_lost", lambda _, job: job.status is Status.QUEUED),
        patch.object(transitions, "lease_ended", lambda *_: False),
    ):
        yield


@mutation
def the_sweep_dispatches_without_saving() -> Iterator[None]:
    """So does the next, and the one after it."""

    def wake(self: Sweep, job: Job) -> bool:
        try_dispatch(self.queue, [job])
        return True

    with patch.object(Sweep, "_wake", wake):
        yield


@mutation
def an_event_goes_before_its_deliveries_are_made() -> Iterator[None]:
    """A crash between the two, and nobody is told."""
    tell = FanOut._tell

    def hasty(self: FanOut, event: Any) -> None:
        self.events.delete(event.id)
        tell(self, event)

    with patch.object(FanOut, "_tell", hasty):
        yield


@mutation
def an_event_is_written_after_its_job() -> Iterator[None]:
    """In a commit of its own."""

    def apart(self: AnnouncingJobStore, job: Job, before: Job, event: Any = None) -> Job:
        kept = self.inner.save(job, before)
        told = event or self._event(job, before)
        return self.inner.save(kept, kept, told) if told else kept

    with patch.object(AnnouncingJobStore, "save", apart):
        yield


@mutation
def a_schedule_moves_on_before_its_jobs_are_made() -> Iterator[None]:
    """In a commit of its own."""

    def apart(self: ScheduleRunner, schedule: Any, before: Any, jobs: Sequence[Job]) -> list[Job]:
        self.schedules.save(schedule, before)
        try:
            return self.jobs.create_all(jobs)
        except JobExists:
            return []

    with patch.object(ScheduleRunner, "_keep", apart):
        yield


@mutation
def a_dead_letter_ends_a_running_job() -> Iterator[None]:
    """Whoever has it, and however well it goes."""

    def give_up(self: DeadLetterRecorder, job: Job, _letter: Any) -> None:
        if job.status is Status.RUNNING:
            ended = job.evolve(status=Status.FAILED, wake_at=None, finished_at=self.now())
            self.store.save(ended, before=job)

    with patch.object(DeadLetterRecorder, "_give_up", give_up):
        yield


@mutation
def a_cancelled_job_is_looked_after() -> Iterator[None]:
    """`wake_at` stays, and the sweep finds it again and again."""
    cancel = transitions.cancel

    def kept(job: Job, now: Any, **named: Any) -> Job:
        return cancel(job, now, **named).evolve(wake_at=job.wake_at)

    with patch.object(transitions, "cancel", kept):
        yield
