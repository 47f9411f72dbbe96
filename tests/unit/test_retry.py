"""When another attempt follows a failed one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jobs.job.retry import LONGEST_SECONDS, MAX_ATTEMPTS, MAX_FACTOR, RetryPolicy

Uniform = Callable[[float, float], float]


def _longest(_: float, ceiling: float) -> float:
    return ceiling


def _seconds(policy: RetryPolicy, attempt: int, uniform: Uniform = _longest) -> float:
    return policy.delay(attempt, uniform).total_seconds()


def test_ceilings_grow_by_the_factor() -> None:
    """The longest possible wait grows by the factor with each attempt, until the longest of all."""
    policy = RetryPolicy(first_seconds=2, factor=3, longest_seconds=100)
    assert [_seconds(policy, attempt) for attempt in range(1, 7)] == [2, 6, 18, 54, 100, 100]


def test_a_list_of_waits() -> None:
    """Where there is a list, each wait is the one of its attempt, and up to a fifth more."""
    policy = RetryPolicy(delays_seconds=(5, 300))
    assert [_seconds(policy, attempt) for attempt in (1, 2, 3, 99)] == [6, 360, 360, 360]
    assert _seconds(policy, 1, lambda low, _: low) == 5


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_SECONDS + 1])
def test_a_wait_out_of_bounds(seconds: float) -> None:
    """A list with a wait that is none is refused when it is made."""
    with pytest.raises(ValueError, match="each delay"):
        RetryPolicy(delays_seconds=(5, seconds))


def test_full_jitter() -> None:
    """The wait is drawn from nothing at all to the ceiling, evenly."""
    asked: list[tuple[float, float]] = []

    def draw(low: float, high: float) -> float:
        asked.append((low, high))
        return low

    policy = RetryPolicy(first_seconds=2, factor=2, longest_seconds=3600)
    assert policy.delay(4, draw) == timedelta()
    assert asked == [(0.0, 16.0)]


@given(
    attempt=st.integers(1, MAX_ATTEMPTS),
    first=st.floats(0.001, 60),
    factor=st.floats(1, MAX_FACTOR),
    longest=st.floats(60, LONGEST_SECONDS),
    draw=st.floats(0, 1),
)
@example(attempt=MAX_ATTEMPTS, first=1.0, factor=1.05, longest=3600.0, draw=0.5)
def test_every_wait_is_within_the_formula(
    attempt: int, first: float, factor: float, longest: float, draw: float
) -> None:
    """Whatever the policy and the draw, the wait obeys the documented formula."""
    policy = RetryPolicy(first_seconds=first, factor=factor, longest_seconds=longest)
    ceiling = min(longest, first * factor ** (attempt - 1))
    assert _seconds(policy, attempt) == pytest.approx(ceiling, abs=1e-6)
    drawn = _seconds(policy, attempt, lambda low, high: low + draw * (high - low))
    assert drawn == pytest.approx(draw * ceiling, abs=1e-6)


def test_no_attempt_is_too_many() -> None:
    """Even an attempt past all allowed has a wait: the longest."""
    policy = RetryPolicy(first_seconds=1, factor=10, longest_seconds=LONGEST_SECONDS)
    assert _seconds(policy, 10_000) == LONGEST_SECONDS


def test_defaults_are_allowed() -> None:
    """A job type that says nothing gets a policy within the bounds."""
    assert RetryPolicy() == RetryPolicy(
        max_attempts=5, first_seconds=2, factor=2, longest_seconds=3600
    )


@pytest.mark.parametrize(
    "bounds",
    [
        {"max_attempts": 1},
        {"max_attempts": MAX_ATTEMPTS},
        {"factor": 1},
        {"factor": MAX_FACTOR},
        {"first_seconds": 5, "longest_seconds": 5},
        {"first_seconds": 0.001},
        {"longest_seconds": LONGEST_SECONDS},
    ],
)
def test_bounds_belong_to_it(bounds: dict[str, Any]) -> None:
    """The bounds themselves are allowed."""
    policy = RetryPolicy(**bounds)
    assert {name: getattr(policy, name) for name in bounds} == bounds


@pytest.mark.parametrize(
    ("beyond", "named"),
    [
        ({"max_attempts": 0}, "max_attempts"),
        ({"max_attempts": MAX_ATTEMPTS + 1}, "max_attempts"),
        ({"factor": 0.99}, "factor"),
        ({"factor": MAX_FACTOR + 0.01}, "factor"),
        ({"factor": float("nan")}, "factor"),
        ({"first_seconds": 0}, "first_seconds"),
        ({"first_seconds": -1}, "first_seconds"),
        ({"first_seconds": float("nan")}, "first_seconds"),
        ({"first_seconds": 6, "longest_seconds": 5}, "longest_seconds"),
        ({"longest_seconds": LONGEST_SECONDS + 1}, "longest_seconds"),
        ({"longest_seconds": float("inf")}, "longest_seconds"),
    ],
)
def test_beyond_the_bounds(beyond: dict[str, Any], named: str) -> None:
    """A policy beyond the bounds is refused where it is written, and says which one."""
    with pytest.raises(ValueError, match=named):
        RetryPolicy(**beyond)
