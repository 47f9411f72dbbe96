"""The state machine: each status by each event, and where its bounds lie."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from jobs.errors import TransitionRefused
from jobs.job import transitions
from jobs.job.model import (
    TERMINAL,
    Attempt,
    AttemptOutcome,
    Job,
    JobError,
    LogLine,
    Progress,
    Status,
)
from jobs.job.transitions import ALLOWED, Transition
from tests.factories import KEEP_FOR, LEASE, MINUTE, T0, a_job, an_attempt, an_error

NOW = T0 + timedelta(minutes=10)
SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)
WORKER = "worker-00002-xyz"
RESULT = '"done"'
PROGRESS = Progress(fraction=0.5, message="half way")
CHECKPOINT = '{"state":7}'
LINES = (LogLine(number=1, time=T0, level="INFO", text="so"),)
LOST = JobError(code="worker_lost", message="The worker was lost while it ran the job.")

APPLY: dict[Transition, Callable[[Job], Job]] = {
    Transition.DISPATCH: lambda job: transitions.dispatch(job, NOW),
    Transition.CLAIM: lambda job: transitions.claim(job, NOW, lease=LEASE, worker=WORKER),
    Transition.RENEW: lambda job: transitions.renew(job, NOW, lease=LEASE),
    Transition.REPORT: lambda job: transitions.report(job, PROGRESS),
    Transition.REMEMBER: lambda job: transitions.remember(job, CHECKPOINT),
    Transition.SAY: lambda job: transitions.say(job, LINES),
    Transition.PAUSE: lambda job: transitions.pause(job, NOW, MINUTE),
    Transition.SUCCEED: lambda job: transitions.succeed(job, NOW, RESULT, keep_for=KEEP_FOR),
    Transition.FAIL: lambda job: transitions.fail(
        job, NOW, an_error(), delay=MINUTE, keep_for=KEEP_FOR
    ),
    Transition.LOSE_LEASE: lambda job: transitions.lose_lease(job, NOW, keep_for=KEEP_FOR),
    Transition.HAND_BACK: lambda job: transitions.hand_back(job, NOW, keep_for=KEEP_FOR),
    Transition.CANCEL: lambda job: transitions.cancel(job, NOW, keep_for=KEEP_FOR),
    Transition.RETRY: lambda job: transitions.retry(job, NOW),
    Transition.GIVE_UP: lambda job: transitions.give_up(job, NOW, an_error(), keep_for=KEEP_FOR),
}


def _ended(outcome: AttemptOutcome, error: JobError | None = None) -> Attempt:
    """How the attempt of `a_job(status=RUNNING)` is kept when it ends now."""
    return an_attempt(ended_at=NOW, outcome=outcome, error=error)


DISPATCHED = {"wake_at": NOW + MINUTE, "dispatches": 1}
FINISHED = {"finished_at": NOW, "expire_at": NOW + KEEP_FOR, "wake_at": None, "dispatches": 0}

CHANGES: dict[tuple[Status, Transition], dict[str, Any]] = {
    (Status.QUEUED, Transition.DISPATCH): {"wake_at": NOW + 2 * MINUTE, "dispatches": 2},
    (Status.QUEUED, Transition.CLAIM): {
        "status": Status.RUNNING,
        "attempt": 1,
        "started_at": NOW,
        "wake_at": NOW + LEASE,
        "dispatches": 0,
        "worker": WORKER,
    },
    (Status.QUEUED, Transition.CANCEL): {"status": Status.CANCELLED, **FINISHED},
    (Status.QUEUED, Transition.GIVE_UP): {
        "status": Status.FAILED,
        "error": an_error(),
        **FINISHED,
    },
    (Status.RUNNING, Transition.RENEW): {"wake_at": NOW + LEASE},
    (Status.RUNNING, Transition.REPORT): {"progress": PROGRESS},
    (Status.RUNNING, Transition.REMEMBER): {"checkpoint": CHECKPOINT},
    (Status.RUNNING, Transition.SAY): {"log": LINES},
    (Status.RUNNING, Transition.PAUSE): {
        "status": Status.QUEUED,
        "attempt": 0,
        "worker": None,
        "run_at": NOW + MINUTE,
        "wake_at": NOW + MINUTE,
        "dispatches": 0,
    },
    (Status.RUNNING, Transition.SUCCEED): {
        "status": Status.SUCCEEDED,
        "result": RESULT,
        "attempts": (_ended(AttemptOutcome.SUCCEEDED),),
        "worker": None,
        **FINISHED,
    },
    (Status.RUNNING, Transition.FAIL): {
        "status": Status.QUEUED,
        "error": an_error(),
        "attempts": (_ended(AttemptOutcome.FAILED, an_error()),),
        "worker": None,
        "run_at": NOW + MINUTE,
        "wake_at": NOW + MINUTE,
        "dispatches": 0,
    },
    (Status.RUNNING, Transition.LOSE_LEASE): {
        "status": Status.QUEUED,
        "error": LOST,
        "attempts": (_ended(AttemptOutcome.LOST, LOST),),
        "worker": None,
        "run_at": NOW,
        **DISPATCHED,
    },
    (Status.RUNNING, Transition.HAND_BACK): {
        "status": Status.QUEUED,
        "attempt": 0,
        "started_at": None,
        "worker": None,
        "run_at": NOW,
        "handed_back": 1,
        **DISPATCHED,
    },
    (Status.RUNNING, Transition.CANCEL): {
        "status": Status.CANCELLED,
        "attempts": (_ended(AttemptOutcome.CANCELLED),),
        "worker": None,
        **FINISHED,
    },
    (Status.FAILED, Transition.RETRY): {
        "status": Status.QUEUED,
        "attempt": 0,
        "error": None,
        "finished_at": None,
        "expire_at": None,
        "run_at": NOW,
        **DISPATCHED,
    },
    (Status.CANCELLED, Transition.RETRY): {
        "status": Status.QUEUED,
        "attempt": 0,
        "finished_at": None,
        "expire_at": None,
        "run_at": NOW,
        **DISPATCHED,
    },
}
"""What each allowed event changes in `a_job(status=...)`. All the rest is refused."""


@pytest.mark.parametrize(("status", "event"), list(product(Status, Transition)))
def test_table(status: Status, event: Transition) -> None:
    """Each event changes exactly the fields that the table says, or is refused."""
    job = a_job(status=status)
    changes = CHANGES.get((status, event))
    if changes is None:
        with pytest.raises(TransitionRefused, match=f"The job is {status}"):
            APPLY[event](job)
    else:
        assert APPLY[event](job) == job.evolve(**changes)


def test_the_table_is_the_code_s() -> None:
    """What the code says is allowed is what this test expects to be allowed."""
    assert {(status, event) for event in Transition for status in ALLOWED[event]} == set(CHANGES)


def test_a_succeeded_job_is_final() -> None:
    """Nothing whatever changes a job that succeeded."""
    assert not [event for event in Transition if Status.SUCCEEDED in ALLOWED[event]]


@pytest.mark.parametrize(("status", "event"), sorted(CHANGES))
def test_wake_at_drives_recovery(status: Status, event: Transition) -> None:
    """After every change a job has a time to look at it, or is terminal and has one to expire."""
    job = APPLY[event](a_job(status=status))
    assert (job.wake_at is None) == job.is_terminal
    assert (job.expire_at is not None) == job.is_terminal
    assert (job.finished_at is not None) == job.is_terminal


def test_terminal_statuses() -> None:
    """A job is terminal in exactly these statuses."""
    assert {Status.SUCCEEDED, Status.FAILED, Status.CANCELLED} == TERMINAL
    assert {status for status in Status if a_job(status=status).is_terminal} == TERMINAL


# Claiming


def test_claim_at_run_at() -> None:
    """A job can be claimed at its `run_at`, and not a microsecond before."""
    job = a_job(run_at=NOW)
    assert transitions.claim(job, NOW, lease=LEASE, worker=WORKER).status is Status.RUNNING
    with pytest.raises(TransitionRefused, match="not to start before"):
        transitions.claim(job, NOW - INSTANT, lease=LEASE, worker=WORKER)


def test_claim_forgets_the_last_attempt_s_progress() -> None:
    """A new attempt starts without the progress and the dispatch count of the one before."""
    job = a_job(progress=PROGRESS, dispatches=7, attempt=1)
    claimed = transitions.claim(job, NOW, lease=LEASE, worker=WORKER)
    assert (claimed.progress, claimed.dispatches, claimed.attempt) == (None, 0, 2)


# Leases


def test_lease_end() -> None:
    """A lease can be lost from its end on, and not a microsecond before."""
    job = a_job(status=Status.RUNNING, wake_at=NOW)
    assert transitions.lose_lease(job, NOW, keep_for=KEEP_FOR).status is Status.QUEUED
    with pytest.raises(TransitionRefused, match="has not ended"):
        transitions.lose_lease(job, NOW - INSTANT, keep_for=KEEP_FOR)


def test_only_a_running_job_has_a_lease() -> None:
    """A job that does not run has no lease that could end."""
    for status in set(Status) - {Status.RUNNING}:
        assert not transitions.lease_ended(a_job(status=status), NOW + 1000 * MINUTE)


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_lost_attempts_count(attempt: int) -> None:
    """A job that loses its worker at its last attempt fails, and says why."""
    job = a_job(status=Status.RUNNING, attempt=attempt, max_attempts=3)
    lost = transitions.lose_lease(job, NOW, keep_for=KEEP_FOR)
    assert lost.status is (Status.FAILED if attempt == 3 else Status.QUEUED)
    assert lost.attempt == attempt
    assert lost.error == LOST


# Failing


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_failed_attempts_count(attempt: int) -> None:
    """A failed attempt is followed by another until `max_attempts` were made."""
    job = a_job(status=Status.RUNNING, attempt=attempt, max_attempts=3)
    failed = transitions.fail(job, NOW, an_error(), delay=MINUTE, keep_for=KEEP_FOR)
    assert failed.status is (Status.FAILED if attempt == 3 else Status.QUEUED)


def test_no_delay_means_no_retry() -> None:
    """Without a delay the job fails at once, though attempts were left."""
    job = a_job(status=Status.RUNNING, attempt=1, max_attempts=3)
    failed = transitions.fail(job, NOW, an_error(), delay=None, keep_for=KEEP_FOR)
    assert failed == job.evolve(
        status=Status.FAILED,
        error=an_error(),
        attempts=(_ended(AttemptOutcome.FAILED, an_error()),),
        worker=None,
        **FINISHED,
    )


@pytest.mark.parametrize("delay", [timedelta(), INSTANT, transitions.SHORT_WAIT])
def test_short_waits_count_as_dispatched(delay: timedelta) -> None:
    """Until the end of a short wait the one who failed sees to it; the sweep leaves grace."""
    job = a_job(status=Status.RUNNING)
    waiting = transitions.fail(job, NOW, an_error(), delay=delay, keep_for=KEEP_FOR)
    assert waiting.run_at == NOW + delay
    assert (waiting.wake_at, waiting.dispatches) == (waiting.run_at + MINUTE, 1)


def test_long_waits_are_left_to_the_sweep() -> None:
    """A wait past the short ones is dispatched by the sweep, at its end."""
    job = a_job(status=Status.RUNNING)
    delay = transitions.SHORT_WAIT + INSTANT
    waiting = transitions.fail(job, NOW, an_error(), delay=delay, keep_for=KEEP_FOR)
    assert waiting.run_at == NOW + delay
    assert (waiting.wake_at, waiting.dispatches) == (waiting.run_at, 0)


def test_the_last_ten_attempts_are_kept() -> None:
    """Of many attempts the last ten stay on the job, the newest last."""
    attempts = tuple(an_attempt(number) for number in range(1, 11))
    job = a_job(status=Status.RUNNING, attempt=11, max_attempts=20, attempts=attempts)
    kept = transitions.fail(job, NOW, an_error(), delay=MINUTE, keep_for=KEEP_FOR).attempts
    assert [attempt.number for attempt in kept] == list(range(2, 12))
    assert kept[:-1] == attempts[1:]


def test_a_success_forgets_the_error() -> None:
    """A job that succeeded after failures shows no error; its attempts still do."""
    job = a_job(status=Status.RUNNING, attempt=2, error=an_error(), attempts=(an_attempt(),))
    done = transitions.succeed(job, NOW, RESULT, keep_for=KEEP_FOR)
    assert done.error is None
    assert [attempt.error for attempt in done.attempts] == [an_error(), None]


# Giving back, going on, trying again


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_handing_back_does_not_count(attempt: int) -> None:
    """However often a job is handed back, it keeps the attempts that it had left."""
    job = a_job(status=Status.RUNNING, attempt=attempt, max_attempts=3)
    for _ in range(5):
        given = transitions.hand_back(job, NOW, keep_for=KEEP_FOR)
        assert (given.attempt, given.attempts) == (attempt - 1, ())
        job = transitions.claim(given, NOW, lease=LEASE, worker=WORKER)
    assert job.attempt == attempt


def test_pausing_does_not_count() -> None:
    """A handler that goes on later does so as the same attempt, with its checkpoint."""
    job = a_job(status=Status.RUNNING, attempt=3, max_attempts=3, checkpoint=CHECKPOINT)
    paused = transitions.pause(job, NOW, MINUTE)
    going_on = transitions.claim(paused, NOW + MINUTE, lease=LEASE, worker=WORKER)
    assert (going_on.attempt, going_on.checkpoint, going_on.attempts) == (3, CHECKPOINT, ())


def test_retry_gives_all_attempts_anew() -> None:
    """A failed job that is wanted again may fail as often as before, and keeps its history."""
    failed = a_job(status=Status.FAILED, attempts=(an_attempt(3),))
    job = transitions.retry(failed, NOW)
    for number in (1, 2, 3):
        running = transitions.claim(job, NOW, lease=LEASE, worker=WORKER)
        assert running.attempt == number
        job = transitions.fail(running, NOW, an_error(), delay=timedelta(), keep_for=KEEP_FOR)
    assert job.status is Status.FAILED
    assert [attempt.number for attempt in job.attempts] == [3, 1, 2, 3]


# Dispatching


def test_dispatch_grace_doubles_to_an_hour() -> None:
    """The grace for a lost job message doubles with each dispatch, and stops at an hour."""
    minutes = [transitions.redispatch_delay(dispatches) / MINUTE for dispatches in range(8)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]
    assert transitions.redispatch_delay(10**9) == timedelta(hours=1)


def test_dispatch_grace_starts_at_run_at() -> None:
    """An early dispatch counts from the job's start, a late one from now."""
    ahead = transitions.dispatch(a_job(run_at=NOW + SECOND, dispatches=0), NOW)
    behind = transitions.dispatch(a_job(run_at=NOW - SECOND, dispatches=0), NOW)
    assert (ahead.wake_at, behind.wake_at) == (NOW + SECOND + MINUTE, NOW + MINUTE)


def test_refusals_say_what_would_be_needed() -> None:
    """A refusal names the status that the job has and those that it would have to have."""
    with pytest.raises(TransitionRefused) as refused:
        transitions.retry(a_job(status=Status.RUNNING), NOW)
    assert str(refused.value) == "The job is running; it would have to be cancelled or failed."
