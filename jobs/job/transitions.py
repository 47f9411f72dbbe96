"""Every way in which a job may change, as pure functions of (job, now, ...).

Each returns the changed job, or raises `TransitionRefused` where `ALLOWED` has no such change.
Nothing is kept until the store has saved it under the version of the job that was passed in.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from jobs.errors import TransitionRefused
from jobs.job.job_log import kept_of
from jobs.job.model import (
    ATTEMPTS_KEPT,
    Attempt,
    AttemptOutcome,
    Job,
    JobError,
    LogLine,
    Progress,
    Status,
)

REDISPATCH_DELAY = timedelta(minutes=1)
"""How long a job message may take before it counts as lost; doubles with each further dispatch."""

LONGEST_REDISPATCH_DELAY = timedelta(hours=1)

LEASE = timedelta(seconds=60)
"""How long a claim, or a renewal of it, holds a job, whatever the attempt's timeout.

Whoever runs an attempt renews its lease, so only a dead worker's jobs wait for its end.
"""

MAX_HAND_BACKS = 5
"""How often workers may give an attempt up without counting it.

A handler that ends its worker must not go round for ever.
"""

SHORT_WAIT = timedelta(seconds=5)
"""A wait up to this long is waited out in the worker; the sweep sees to longer ones."""


class Transition(StrEnum):
    DISPATCH = "dispatch"
    CLAIM = "claim"
    RENEW = "renew"
    REPORT = "report"
    REMEMBER = "remember"
    SAY = "say"
    PAUSE = "pause"
    SUCCEED = "succeed"
    FAIL = "fail"
    LOSE_LEASE = "lose_lease"
    HAND_BACK = "hand_back"
    CANCEL = "cancel"
    RETRY = "retry"
    GIVE_UP = "give_up"


ALLOWED: dict[Transition, frozenset[Status]] = {
    Transition.DISPATCH: frozenset({Status.QUEUED}),
    Transition.CLAIM: frozenset({Status.QUEUED}),
    Transition.RENEW: frozenset({Status.RUNNING}),
    Transition.REPORT: frozenset({Status.RUNNING}),
    Transition.REMEMBER: frozenset({Status.RUNNING}),
    Transition.SAY: frozenset({Status.RUNNING}),
    Transition.PAUSE: frozenset({Status.RUNNING}),
    Transition.SUCCEED: frozenset({Status.RUNNING}),
    Transition.FAIL: frozenset({Status.RUNNING}),
    Transition.LOSE_LEASE: frozenset({Status.RUNNING}),
    Transition.HAND_BACK: frozenset({Status.RUNNING}),
    Transition.CANCEL: frozenset({Status.QUEUED, Status.RUNNING}),
    Transition.RETRY: frozenset({Status.FAILED, Status.CANCELLED}),
    Transition.GIVE_UP: frozenset({Status.QUEUED}),
}


def dispatch(job: Job, now: datetime) -> Job:
    """A job message is about to be published: look again when it should have been answered."""
    _check(job, Transition.DISPATCH)
    return job.evolve(
        wake_at=max(now, job.run_at) + redispatch_delay(job.dispatches),
        dispatches=job.dispatches + 1,
    )


def redispatch_delay(dispatches: int) -> timedelta:
    """How long to wait for an answer to the next job message after so many unanswered ones."""
    return min(REDISPATCH_DELAY * (1 << min(dispatches, 16)), LONGEST_REDISPATCH_DELAY)


def claim(job: Job, now: datetime, *, worker: str, lease: timedelta = LEASE) -> Job:
    """An attempt starts and owns the job until its lease ends. Refused before `run_at`."""
    _check(job, Transition.CLAIM)
    if now < job.run_at:
        raise TransitionRefused(f"The job is not to start before {job.run_at.isoformat()}.")
    return job.evolve(
        status=Status.RUNNING,
        attempt=job.attempt + 1,
        started_at=now,
        wake_at=now + lease,
        dispatches=0,
        progress=None,
        worker=worker,
    )


def renew(job: Job, now: datetime, *, lease: timedelta = LEASE) -> Job:
    """The running attempt is alive and holds its job for longer. Its lease never gets shorter."""
    _check(job, Transition.RENEW)
    return job.evolve(wake_at=max(now + lease, job.wake_at or now))


def report(job: Job, progress: Progress) -> Job:
    """The running attempt says how far it is."""
    _check(job, Transition.REPORT)
    return job.evolve(progress=progress)


def remember(job: Job, checkpoint: str) -> Job:
    """The running attempt asks to find this again, in its next part or in the next attempt."""
    _check(job, Transition.REMEMBER)
    return job.evolve(checkpoint=checkpoint)


def say(job: Job, lines: Iterable[LogLine]) -> Job:
    """The running attempt has said these lines so far. Those that the job has already stay."""
    _check(job, Transition.SAY)
    log = kept_of(job.log, lines)
    return job if log is job.log else job.evolve(log=log)


def pause(job: Job, now: datetime, delay: timedelta) -> Job:
    """The attempt gives its lease up and goes on after `delay`, in another push, as the same."""
    _check(job, Transition.PAUSE)
    paused = job.evolve(attempt=job.attempt - 1, worker=None, handed_back=0)
    return _wait_until(paused, now, now + delay)


def succeed(job: Job, now: datetime, result: str, *, keep_for: timedelta) -> Job:
    _check(job, Transition.SUCCEED)
    done = _end_attempt(job, now, AttemptOutcome.SUCCEEDED, None)
    return _finish(done, now, Status.SUCCEEDED, keep_for).evolve(result=result, error=None)


def fail(
    job: Job, now: datetime, error: JobError, *, delay: timedelta | None, keep_for: timedelta
) -> Job:
    """The attempt failed; another follows after `delay`, unless it is None or none is left."""
    _check(job, Transition.FAIL)
    ended = _end_attempt(job, now, AttemptOutcome.FAILED, error)
    if delay is None or job.attempt >= job.max_attempts:
        return _finish(ended, now, Status.FAILED, keep_for)
    return _wait_until(ended, now, now + delay)


def lose_lease(job: Job, now: datetime, *, keep_for: timedelta) -> Job:
    """The attempt's lease ran out, so its worker is taken for dead. The attempt counts."""
    _check(job, Transition.LOSE_LEASE)
    if not lease_ended(job, now):
        raise TransitionRefused("The attempt's lease has not ended.")
    return _lose(job, now, "The worker was lost while it ran the job.", keep_for)


def _lose(job: Job, now: datetime, why: str, keep_for: timedelta) -> Job:
    error = JobError(code="worker_lost", message=why)
    ended = _end_attempt(job, now, AttemptOutcome.LOST, error)
    if job.attempt >= job.max_attempts:
        return _finish(ended, now, Status.FAILED, keep_for)
    return _wait_until(ended, now, now)


def lease_ended(job: Job, now: datetime) -> bool:
    return job.status is Status.RUNNING and (job.wake_at is None or job.wake_at <= now)


def hand_back(job: Job, now: datetime, *, keep_for: timedelta) -> Job:
    """The worker must stop and gives the job back.

    The attempt does not count, unless `MAX_HAND_BACKS` workers did the same in turn.
    """
    _check(job, Transition.HAND_BACK)
    if job.handed_back >= MAX_HAND_BACKS:
        return _lose(job, now, f"{MAX_HAND_BACKS + 1} workers stopped while they ran it.", keep_for)
    given = job.evolve(
        attempt=job.attempt - 1,
        started_at=None,
        worker=None,
        progress=None,
        handed_back=job.handed_back + 1,
    )
    return _wait_until(given, now, now)


def cancel(job: Job, now: datetime, *, keep_for: timedelta) -> Job:
    """Nobody wants the job any more. A running attempt loses it at once."""
    _check(job, Transition.CANCEL)
    ended = job
    if job.status is Status.RUNNING:
        ended = _end_attempt(job, now, AttemptOutcome.CANCELLED, None)
    return _finish(ended, now, Status.CANCELLED, keep_for)


def retry(job: Job, now: datetime) -> Job:
    """A failed or cancelled job is wanted again: it gets all its attempts anew."""
    _check(job, Transition.RETRY)
    fresh = job.evolve(attempt=0, error=None, progress=None, finished_at=None, expire_at=None)
    return _wait_until(fresh, now, now)


def give_up(job: Job, now: datetime, error: JobError, *, keep_for: timedelta) -> Job:
    """The queue has stopped trying to deliver the job's job message."""
    _check(job, Transition.GIVE_UP)
    return _finish(job.evolve(error=error), now, Status.FAILED, keep_for)


def _check(job: Job, event: Transition) -> None:
    if job.status not in ALLOWED[event]:
        allowed = " or ".join(sorted(ALLOWED[event]))
        raise TransitionRefused(f"The job is {job.status}; it would have to be {allowed}.")


def _wait_until(job: Job, now: datetime, run_at: datetime) -> Job:
    """Queued until `run_at`. Who makes the change dispatches at once where the wait is short."""
    queued = job.evolve(status=Status.QUEUED, run_at=run_at, wake_at=run_at, dispatches=0)
    return dispatch(queued, now) if is_short(run_at - now) else queued


def is_short(wait: timedelta) -> bool:
    return wait <= SHORT_WAIT


def _end_attempt(job: Job, now: datetime, outcome: AttemptOutcome, error: JobError | None) -> Job:
    attempt = Attempt(
        number=job.attempt,
        started_at=job.started_at or now,
        ended_at=now,
        outcome=outcome,
        worker=job.worker or "unknown",
        error=error,
    )
    kept = (*job.attempts, attempt)[-ATTEMPTS_KEPT:]
    return job.evolve(attempts=kept, error=error, worker=None, handed_back=0)


def _finish(job: Job, now: datetime, status: Status, keep_for: timedelta) -> Job:
    return job.evolve(
        status=status,
        finished_at=now,
        wake_at=None,
        dispatches=0,
        worker=None,
        expire_at=now + keep_for,
    )
