"""Memory over jobs: growth, and which process is which."""

import pytest

from bench.memory.figures import Held, MemoryRun, Sample, growth_percent
from bench.memory.report import page
from bench.memory.roles import depth


@pytest.mark.parametrize(
    ("mib", "percent"),
    [
        ([50, 100, 100, 100, 100, 100], 0),
        ([10, 10, 10, 100, 110, 120], 20),
        ([10, 10, 10, 120, 110, 100], -16.7),
    ],
)
def test_growth_is_that_of_the_second_half(mib: list[float], percent: float) -> None:
    """What is taken once, at the beginning, is no growth."""
    jobs = range(0, 1000 * len(mib), 1000)
    assert growth_percent(jobs, mib) == pytest.approx(percent, abs=0.1)


def test_a_role_that_grows_is_told_from_one_that_does_not() -> None:
    """Several processes of a role count as one of them on average."""
    found = MemoryRun(
        circumstances={"machine": "a test"},
        samples=[
            Sample(
                number,
                {"server": Held(100.0 + number, 90, 1), "handlers": Held(200, 160, 8)},
            )
            for number in range(0, 100, 10)
        ],
    )
    shown = page(found)
    assert "| handlers | 8 | 25.0 | 25.0 | 25.0 | 0.0 % | flat |" in shown
    assert "| server | 1 | 100.0 | 190.0 | 190.0 | 26.7 % | grows |" in shown


def test_a_process_is_known_by_who_started_it() -> None:
    """The one that was started is no deeper for having a parent outside."""
    parents = {10: 1, 11: 10, 12: 11, 13: 12}
    assert [depth(pid, parents) for pid in parents] == [0, 1, 2, 3]
