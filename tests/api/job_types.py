"""The job types of the API under test."""

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from handlers.webhook_deliver import deliver
from jobs.context import Context
from jobs.job.retry import RetryPolicy
from jobs.job_types import Registry, job_type


class Echo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to say."""

    text: Annotated[str, Meta(max_length=400_000, description="The words.")]
    times: Annotated[int, Meta(ge=1, le=9)] = 1
    mood: Literal["calm", "loud"] = "calm"
    more: Any = None


class Echoed(msgspec.Struct, frozen=True, kw_only=True):
    said: list[str]


@job_type(
    "text.echo",
    example=Echo(text="It's me"),
    timeout=timedelta(minutes=1),
    retry=RetryPolicy(max_attempts=4, first_seconds=3, factor=2, longest_seconds=60),
    secret_fields=("text",),
)
def echo(payload: Echo, _context: Context) -> Echoed:
    """Say it again.

    As often as it is asked for.
    """
    return Echoed(said=[payload.text] * payload.times)


class Count(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far to count."""

    to: int


@job_type("number.count", example=Count(to=3), timeout=timedelta(seconds=90))
def count(payload: Count, _context: Context) -> list[int]:
    """Count to a number."""
    return list(range(payload.to))


REGISTRY = Registry([echo, count, deliver])
