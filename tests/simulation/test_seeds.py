"""The services' code keeps its promises in virtual time, whatever goes wrong.

A short plan; `./dev simulate --seeds 1000000` is the long one.
"""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulation.plan import plan_of, shrunk
from simulation.world import World
from tests.simulation.mutations import MUTATIONS

from random import Random  # isort: skip

ROOT = Path(__file__).parents[2]
MOST = 2000


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """What the services log would take longer than what they do."""
    log = logging.getLogger("dormouse")
    level = log.level
    log.setLevel(logging.CRITICAL)
    yield
    log.setLevel(level)


@pytest.mark.parametrize("first", range(0, 1000, 100))
def test_promises_hold(first: int) -> None:
    """Nothing is lost, stuck, done too often or changed after its end, whatever fails when."""
    for seed in range(first, first + 100):
        assert World(seed).run().violation is None, f"./dev simulate --seed {seed}"


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_fault_in_the_code_is_found(name: str) -> None:
    """Each of the faults that were put in on purpose breaks a promise within 2,000 seeds."""
    with MUTATIONS[name]():
        assert any(World(seed).run().violation for seed in range(MOST)), name


def test_a_seed_does_the_same_twice() -> None:
    """A run can be had again, call by call, also by another process."""
    program = (
        "from simulation.world import World\n"
        "print([World(seed).run().digest for seed in range(20)])"
    )
    printed = {
        subprocess.run(  # noqa: S603 - this very Python
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1
    assert str([World(seed).run().digest for seed in range(20)]) in printed.pop().decode()


def test_every_kind_of_fault_strikes() -> None:
    """What never happens is not tried: in some hundred seeds everything does."""
    seen = [World(seed).run().seen for seed in range(100)]
    for what in ("asked again", "cancelled", "failed", "lease lost", "paused or handed back"):
        assert any(one.get(what) for one in seen), what


def test_a_violation_is_told_with_few_faults() -> None:
    """The story of a broken promise has no more faults in it than it takes, and ends with it."""
    with MUTATIONS["a_lost_attempt_does_not_count"]():
        seed = next(seed for seed in range(MOST) if World(seed).run().violation)
        own = plan_of(Random(seed))  # noqa: S311 - to be had again
        plan = shrunk(own, lambda plan: World(seed, plan).run().violation is not None)
        told = World(seed, plan, told=True).run()
    assert "VIOLATION" in told.story[-1]
    assert sum(map(bool, _faults(plan))) < sum(map(bool, _faults(own)))


def _faults(plan: object) -> list[object]:
    return [value for value in vars(plan).values() if isinstance(value, float)]
