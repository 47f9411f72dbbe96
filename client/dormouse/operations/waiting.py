"""Waiting: for one job, for many, and by events."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from dormouse.calling import Call, Policy, opened
from dormouse.errors import JobCancelled, JobFailed, NotFinished, NotReached
from dormouse.model import JobState
from dormouse.operations.jobs import get, path_of
from dormouse.server_sent_events import EventParser
from dormouse.steps import ConnectionLost, Emit, Read, Sleep, Steps, Together

LONGEST_WAIT: Final = 20.0
FEW: Final = 8
"""So many jobs are each waited for at the service; more are looked at in turn."""
_QUIET_SECONDS: Final = 30.0
"""The service says something every 15 s, if only that it is there."""
_FIRST_PAUSE: Final = 0.2
_LONGEST_PAUSE: Final = 3.0


def wait(policy: Policy, job: JobState, timeout: float | None = None) -> Steps[JobState]:
    """The job once it has ended. Raises `NotFinished` after `timeout` seconds."""
    start = policy.clock()
    while not job.is_terminal:
        left = _left(policy, start, timeout)
        if timeout is not None and left <= 0:
            raise NotFinished(job, timeout)
        job = yield from get(within(policy, left), job.id, min(left, LONGEST_WAIT))
    return job


def within(policy: Policy, seconds: float) -> Policy:
    """The policy for what may not take longer than this, however long it usually may."""
    return replace(policy, seconds=min(policy.seconds, seconds))


def _left(policy: Policy, start: float, timeout: float | None) -> float:
    return math.inf if timeout is None else start + timeout - policy.clock()


def succeeded(job: JobState) -> JobState:
    """The terminal job itself. Raises `JobFailed`, `JobCancelled`."""
    if job.status == "failed":
        raise JobFailed(job)
    if job.status == "cancelled":
        raise JobCancelled(job)
    return job


def as_completed(
    policy: Policy, jobs: Sequence[JobState], timeout: float | None = None
) -> Steps[None]:
    """Emits each job once it has ended, in the order in which they do.

    Raises `NotFinished`, which names one that had not, `timeout` seconds after the start.
    """
    start, pause = policy.clock(), _FIRST_PAUSE
    for job in jobs:
        if job.is_terminal:
            yield Emit(job)
    left = [job for job in jobs if not job.is_terminal]
    while left:
        rest = _left(policy, start, timeout)
        if timeout is not None and rest <= 0:
            raise NotFinished(left[0], timeout)
        seconds = min(1.0, rest) if len(left) <= FEW else 0.0
        looked: list[JobState] = yield Together(
            [get(within(policy, rest), job.id, seconds) for job in left]
        )
        ended = [job for job in looked if job.is_terminal]
        for job in ended:
            yield Emit(job)
        left = [job for job in looked if not job.is_terminal]
        if left and not seconds:
            pause = _FIRST_PAUSE if ended else min(pause * 1.5, _LONGEST_PAUSE)
            yield Sleep(pause)


def events(policy: Policy, job_id: str) -> Steps[None]:
    """Emits what happens to the job until it has ended; goes on by itself after a broken stream.

    Nothing comes twice. Raises `NotReached` after the policy's time without any answer.
    """
    last, quiet_since = "", policy.clock()
    while True:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
        answer = yield from opened(
            policy, Call("GET", f"{path_of(job_id)}/events", headers=headers, holds=_QUIET_SECONDS)
        )
        if answer.response.status == 204:  # noqa: PLR2004 - HTTP's: the end was told already
            return
        parser = EventParser()
        try:
            while (chunk := (yield Read())) is not None:
                quiet_since = policy.clock()
                for event in parser.feed(chunk):
                    last = event.id or last
                    yield Emit(event)
                    if event.kind == "end":
                        return
        except ConnectionLost as lost:
            if policy.clock() - quiet_since > policy.seconds:
                raise NotReached(f"The events of job {job_id} stopped: {lost}.") from lost
        yield Sleep(_FIRST_PAUSE)
