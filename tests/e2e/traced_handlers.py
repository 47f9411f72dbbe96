"""The job types, and one more whose handler makes a span of its own."""

from datetime import timedelta

import msgspec

from handlers import JOB_TYPES
from jobs.context import Context
from jobs.job_types import Registry, job_type


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str


@job_type("weather.ask", example=Place("Bern"), timeout=timedelta(seconds=20))
def ask(payload: Place, _context: Context) -> Place:
    """Do nothing, inside a span."""
    from opentelemetry import trace  # noqa: PLC0415 - as any handler's library

    with trace.get_tracer("weather").start_as_current_span("look out of the window"):
        return payload


REGISTRY = Registry([*JOB_TYPES, ask])
