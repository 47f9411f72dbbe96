"""The page that a comparison writes."""

import pytest

from bench.comparison.figures import PerJob
from bench.comparison.report import ROWS, cell, page
from bench.comparison.targets import verdicts
from tests.bench.comparisons import a_comparison, a_round


@pytest.mark.parametrize(
    ("values", "floor", "shown"),
    [
        ([3.0, 3.0], None, "3.00"),
        ([3.0, 2.0, 4.0], None, "3.00 (2.00 to 4.00)"),
        ([3.0, 3.0], [2.0, 2.0], "3.00, x1.50"),
        ([3.0, 3.0], [0.0, 2.0], "3.00"),
    ],
)
def test_a_cell(values: list[float], floor: list[float] | None, shown: str) -> None:
    """The median, the spread where there is one, and the ratio where it means something."""
    assert cell(ROWS[0], values, floor) == shown


def test_the_page_has_every_figure_of_every_system() -> None:
    """Circumstances, a row for each figure, a column for each system."""
    shown = page(
        a_comparison(
            a_round("floor", cpu_ms=4),
            a_round("dormouse", cpu_ms=5),
            dormouse=PerJob(writes=3, reads=0, messages=1, message_bytes=469.5),
        )
    )
    assert "- machine: a test" in shown
    assert "| | floor | dormouse |" in shown
    assert "| CPU a job, both services, ms | 4.00 | 5.00, x1.25 |" in shown
    assert "| dormouse | 3 | 0 | 1 | 469.5 |" in shown
    assert all(f"| {row.title} |" in shown for row in ROWS)


def test_targets_that_are_reached() -> None:
    """A figure on its bound is within it."""
    found = verdicts(
        a_comparison(
            a_round("floor", cpu_ms=4, result_ms=10, speed=100),
            a_round("dormouse", cpu_ms=5, result_ms=13, speed=90),
            a_round("Celery + Redis", cpu_ms=6),
            dormouse=PerJob(writes=3, reads=0, messages=1, message_bytes=1),
        )
    )
    assert len(found) == 7
    assert all(verdict.reached for verdict in found.values())


def test_targets_that_are_missed() -> None:
    """A figure beyond its bound is shown as missed."""
    found = verdicts(
        a_comparison(
            a_round("floor", cpu_ms=4, result_ms=10, speed=100),
            a_round("dormouse", cpu_ms=5.1, result_ms=13.1, speed=89),
            a_round("Celery + Redis", cpu_ms=5),
            dormouse=PerJob(writes=4, reads=1, messages=2, message_bytes=1),
        )
    )
    assert not any(verdict.reached for verdict in found.values())


def test_what_was_not_measured_has_no_verdict() -> None:
    """Without the floor and without counting there is nothing to say."""
    assert not verdicts(a_comparison(a_round("dormouse", cpu_ms=5)))
