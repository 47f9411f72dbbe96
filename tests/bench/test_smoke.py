"""The comparison itself, as short as it can be, on the emulators of the other tests."""

from pathlib import Path

import pytest

from bench.comparison.grounds import Emulators as Ends
from bench.comparison.grounds import Grounds
from bench.comparison.measure import count, measure
from bench.comparison.plan import Plan
from bench.comparison.system import System
from bench.comparison.systems import DORMOUSE, FLOOR
from tests.conftest import Emulators

pytestmark = pytest.mark.emulators

SHORT = Plan(rounds=1, warm_up=8, idle_seconds=0.1, jobs=16, paced_jobs=4, per_second=40)


@pytest.fixture
def grounds(emulators: Emulators, tmp_path: Path) -> Grounds:
    firestore, pubsub = (
        int(address.rpartition(":")[2]) for address in (emulators.firestore, emulators.pubsub)
    )
    return Grounds(Ends(firestore, pubsub), redis=None, logs=tmp_path)


def test_a_turn_measures_both_services(grounds: Grounds) -> None:
    """Dormouse runs the jobs of a turn, and every figure of it is there."""
    measured = measure(DORMOUSE, grounds, SHORT)
    assert measured.system == "dormouse"
    assert set(measured.services) == {"api", "worker"}
    assert all(service.pss_mib > 10 for service in measured.services.values())
    assert measured.services["worker"].processes > 8
    assert measured.cpu_ms > 0
    assert 0 < measured.submit.p50 <= measured.submit.p99
    assert 0 < measured.result.p50 <= measured.result.p99
    assert measured.jobs_per_second > 0


@pytest.mark.parametrize("system", [FLOOR, DORMOUSE], ids=lambda system: system.name)
def test_dormouse_sends_what_the_floor_sends(system: System, grounds: Grounds) -> None:
    """Three writes, no read and one message a job, counted on the way to the emulators."""
    counted = count(system, grounds, jobs=5)
    assert (counted.writes, counted.reads, counted.messages) == (3, 0, 1)
    assert counted.message_bytes > 32
