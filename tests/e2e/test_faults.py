"""The short plan of `./dev faults`: every kind of fault, with few jobs."""

import pytest

from bench.faults.plan import plan
from bench.faults.run import run
from local.emulators import find_emulators
from local.sdk import EmulatorsMissing
from tests.conftest import skip_or_fail


@pytest.mark.timeout(400)
def test_nothing_is_lost_under_faults() -> None:
    """No job is lost, stuck, run twice at once, changed after its end or tried too often."""
    try:
        find_emulators()
    except EmulatorsMissing as missing:
        skip_or_fail(str(missing))
    assert run(plan(frozen_seconds=5, kills=3), jobs_per_fault=8, sweep_every=3)
