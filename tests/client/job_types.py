"""Job types that the client's tests run, at the real system and at the fake."""

import time
from datetime import timedelta
from typing import Any

import msgspec

from handlers import JOB_TYPES
from jobs.context import Context, PermanentError
from jobs.job.retry import RetryPolicy
from jobs.job_types import Registry, job_type

SECONDS = timedelta(seconds=20)
ONCE = RetryPolicy(max_attempts=1, first_seconds=0.1)


class Anything(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    value: Any = None


class Talk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    lines: int = 3


class Answer(msgspec.Struct, frozen=True):
    value: Any


@job_type("client.echo", example=Anything(value=1), timeout=SECONDS, retry=ONCE)
def echo(payload: Anything, _context: Context) -> Answer:
    """Give the value back."""
    return Answer(payload.value)


@job_type("client.fail", example=Anything(), timeout=SECONDS, retry=ONCE)
def fail(payload: Anything, _context: Context) -> Answer:
    """Fail for good."""
    raise PermanentError(str(payload.value))


@job_type("client.talk", example=Talk(), timeout=SECONDS, retry=ONCE)
def talk(payload: Talk, context: Context) -> Answer:
    """Log some lines, with progress."""
    for number in range(payload.lines):
        context.log.info("line %d", number)
        context.progress((number + 1) / payload.lines, f"{number + 1} of {payload.lines}")
        time.sleep(0.05)
    return Answer(payload.lines)


REGISTRY = Registry([*JOB_TYPES, echo, fail, talk])
