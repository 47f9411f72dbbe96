"""The job that every system under comparison does."""

from datetime import timedelta

import msgspec

from jobs.context import Context
from jobs.job.retry import RetryPolicy
from jobs.job_types import Registry, job_type


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


@job_type(
    "bench.echo",
    example=Text("hello"),
    timeout=timedelta(seconds=30),
    retry=RetryPolicy(max_attempts=3),
)
def echo(payload: Text, _context: Context) -> Text:
    """Give the text back."""
    return payload


REGISTRY = Registry([echo])
