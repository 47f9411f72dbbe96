"""What is made of several rounds."""

import pytest

from bench.comparison.figures import Latency, Spread, percentile, ratio
from tests.bench.comparisons import a_comparison, a_round


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50), (95, 95), (99, 99), (100, 100), (0, 1)]
)
def test_a_percentile_is_one_of_the_values(percent: float, expected: float) -> None:
    """The nearest rank, whatever the order of the values."""
    assert percentile(range(100, 0, -1), percent) == expected


def test_one_value_is_every_percentile() -> None:
    """Few values give no error."""
    assert Latency.of([0.0125]) == Latency(12.5, 12.5, 12.5)


def test_a_ratio_is_taken_round_by_round() -> None:
    """A round in which everything was slow does not change how the two compare."""
    assert ratio([2, 20, 2], [1, 10, 1]) == 2


def test_a_ratio_needs_as_many_rounds_of_both() -> None:
    """Rounds that can't be paired are an error, not a figure."""
    with pytest.raises(ValueError, match="shorter"):
        ratio([1, 2], [1])


def test_a_spread_has_the_median_and_the_extremes() -> None:
    """One odd round shows in the spread, not in the median."""
    assert Spread.of([3, 1, 100]) == Spread(1, 3, 100)


def test_systems_come_in_the_order_of_their_turns() -> None:
    """Each is there once, the first one first."""
    rounds = [a_round(name, cpu_ms=1) for name in ("floor", "dormouse", "floor", "dormouse")]
    assert a_comparison(*rounds).systems == ["floor", "dormouse"]
