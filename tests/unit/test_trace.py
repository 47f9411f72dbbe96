"""W3C Trace Context: whose trace a job belongs to."""

import pytest

from jobs.runtime import MACHINE
from jobs.telemetry.trace import trace_id, traceparent_from
from tests.factories import TRACEPARENT


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
def test_a_caller_s_trace_goes_on(flags: str) -> None:
    """A well-formed header is taken as it is."""
    header = TRACEPARENT[:-2] + flags
    assert traceparent_from(header, MACHINE.random_bytes) == header
    assert trace_id(header) == "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "garbage",
        TRACEPARENT.upper(),
        TRACEPARENT + "-extra",
        TRACEPARENT + "\n",
        " " + TRACEPARENT,
        TRACEPARENT[:-1],
        TRACEPARENT.replace("-", "_"),
        "ff" + TRACEPARENT[2:],
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
    ],
)
def test_another_header_starts_a_trace(header: str | None) -> None:
    """Anything else is no trace: a new one starts, another each time."""
    assert trace_id(header) is None
    first, second = (
        traceparent_from(header, MACHINE.random_bytes),
        traceparent_from(header, MACHINE.random_bytes),
    )
    assert traceparent_from(first, MACHINE.random_bytes) == first
    assert trace_id(first) != trace_id(second)
    assert trace_id(first) is not None
