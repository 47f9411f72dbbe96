"""The short plan of `./dev faults`: every kind of fault, with few jobs."""

import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from local.emulators import find_emulators
from local.sdk import EmulatorsMissing
from tests.conftest import skip_or_fail
from tests.faults.client import Caller
from tests.faults.ledger import runs_by_job
from tests.faults.plan import plan
from tests.faults.run import run
from tests.faults.system import running_system
from tests.faults.watch import Watcher


@pytest.mark.timeout(400)
def test_nothing_is_lost_under_faults() -> None:
    """No job is lost, stuck, run twice at once, changed after its end or tried too often."""
    _need_emulators()
    assert run(plan(frozen_seconds=5, kills=3), jobs_per_fault=8, sweep_every=3)


def test_a_stopping_worker_hands_its_job_back(tmp_path: Path) -> None:
    """On SIGTERM a running job goes to the next worker at once, and its attempt does not count."""
    _need_emulators()
    ledger = tmp_path / "ledger.jsonl"
    with (
        (tmp_path / "log").open("wb") as log,
        running_system(log) as system,
        closing(Caller(system.ports)) as caller,
        closing(Watcher(system.ports)) as watcher,
    ):
        job_id, _ = caller.submit("fault.none", {"ledger": str(ledger), "seconds": 2.5})
        _wait(lambda: bool(runs_by_job(ledger)))
        system.worker.kill(signal.SIGTERM)
        _wait(lambda: not watcher.unfinished())
        job = watcher.jobs()[job_id]
    assert (job.status, job.attempt) == ("succeeded", 1)
    interrupted, whole = runs_by_job(ledger)[job_id]
    assert interrupted.ended is None
    assert whole.ended is not None
    assert whole.started < interrupted.lease_end


def _need_emulators() -> None:
    try:
        find_emulators()
    except EmulatorsMissing as missing:
        skip_or_fail(str(missing))


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
