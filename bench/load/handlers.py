"""The work under load. Used as DORMOUSE_HANDLERS."""

import time
from datetime import timedelta

import msgspec

from jobs.context import Context
from jobs.job.retry import RetryPolicy
from jobs.job_types import Registry, job_type


class Work(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`fails` makes the first attempt fail."""

    seconds: float = 0.02
    fails: bool = False


@job_type(
    "load.work",
    example=Work(),
    timeout=timedelta(seconds=30),
    retry=RetryPolicy(max_attempts=3, first_seconds=1),
)
def work(payload: Work, context: Context) -> None:
    """Wait, as for somebody else's answer."""
    time.sleep(payload.seconds)
    if payload.fails and context.attempt == 1:
        raise ConnectionError("as it was told to")


REGISTRY = Registry([work])
