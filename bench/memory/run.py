"""Sends many jobs through and looks at the memory now and then."""

from typing import cast

from bench.circumstances import circumstances
from bench.comparison.firestore_store import FirestoreStore
from bench.comparison.grounds import prepared
from bench.comparison.load import burst
from bench.comparison.systems import DORMOUSE
from bench.memory.figures import MemoryRun, Sample
from bench.memory.roles import held_by_role

PACKAGES = ("flask", "gunicorn", "grpcio", "protobuf")


def run(jobs: int, each: int) -> MemoryRun:
    """Looks after every `each` jobs. Raises `JobFailed`, `EmulatorsMissing`."""
    found = circumstances(PACKAGES)
    samples = []
    with prepared(with_redis=False) as grounds, DORMOUSE.start(grounds) as running:
        # Dormouse's is one; only it can be emptied.
        store = cast("FirestoreStore", running.store)
        for done in range(each, jobs + 1, each):
            burst(running, each)
            # Or the emulator would slow down, and what is measured is not the emulator.
            store.clear()
            samples.append(Sample(done, held_by_role(running.services)))
            print(f"{done} jobs", flush=True)
    plan = f"{jobs} jobs, {each} at a time by 8 callers, then a look"
    return MemoryRun(circumstances=found | {"plan": plan}, samples=samples)
