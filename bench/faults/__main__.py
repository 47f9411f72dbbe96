"""`./dev faults`: the system under every kind of fault, and a table of what came of it."""

import argparse
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path

from bench.faults.client import Caller
from bench.faults.ledger import runs_by_job
from bench.faults.plan import Fault, plan
from bench.faults.system import System, running_system
from bench.faults.verdict import Verdict, judge
from bench.faults.watch import Seen, Watcher

CALLERS = 8
SETTLE_SECONDS = 400.0
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Batch:
    """What was submitted under one fault. Times are seconds since the epoch."""

    fault: str
    job_ids: list[str]
    started: float
    ended: float


def run(jobs_per_fault: int, frozen_seconds: float, chosen: str | None = None) -> bool:
    """Run the plan, print the table, and say whether every promise held."""
    faults = [
        fault
        for fault in plan(frozen_seconds=frozen_seconds)
        if chosen is None or chosen in fault.name
    ]
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        log_path = Path(folder) / "services.log"
        with log_path.open("wb") as log, running_system(log) as system:
            watcher = Watcher(system.ports)
            with watcher.watching():
                batches = []
                for fault in faults:
                    print(f"{fault.name} ...", flush=True)
                    batches.append(_under(fault, system, jobs_per_fault, ledger))
                settled = _settle(watcher)
            acknowledged = [job_id for batch in batches for job_id in batch.job_ids]
            jobs = watcher.jobs()
            verdict = judge(acknowledged, jobs, runs_by_job(ledger), watcher.changed)
        _print(batches, jobs, verdict)
        kept = Path(tempfile.gettempdir()) / "dormouse-faults.log"
        shutil.copy(log_path, kept)
        print(f"\nThe services' log is kept in {kept}.")
    return settled and verdict.holds


def _under(fault: Fault, system: System, jobs: int, ledger: Path) -> Batch:
    caller = Caller(system.ports)
    chance = random.Random(fault.name)  # noqa: S311 - repeatable
    types = [
        fault.misbehaving if chance.random() < fault.share else "fault.none" for _ in range(jobs)
    ]
    cancelled = [chance.random() < fault.cancels for _ in range(jobs)]
    started = time.time()
    with fault.disturb(system), ThreadPoolExecutor(CALLERS) as pool:

        def submit(number: int) -> str:
            # Spread over the fault's time, so that all of it meets jobs.
            due = started + fault.seconds * number / jobs
            time.sleep(max(0.0, due - time.time()))
            job_id, _ = caller.submit(types[number], {"ledger": str(ledger)})
            if cancelled[number]:
                caller.cancel(job_id)
            return job_id

        job_ids = list(pool.map(submit, range(jobs)))
    return Batch(fault.name, job_ids, started, time.time())


def _settle(watcher: Watcher) -> bool:
    """Whether every job became terminal in time."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        left = watcher.unfinished()
        print(f"  {left} jobs not terminal", flush=True)
        if not left:
            return True
        time.sleep(_LOOK_SECONDS if left < 50 else 2 * _LOOK_SECONDS)  # noqa: PLR2004
    return False


def _print(batches: list[Batch], jobs: dict[str, Seen], verdict: Verdict) -> None:
    print("\n| fault | jobs | succeeded | failed | cancelled | recovered after |")
    print("|---|--:|--:|--:|--:|--:|")
    for batch in batches:
        seen = [jobs[job_id] for job_id in batch.job_ids if job_id in jobs]
        counts = [
            sum(job.status == status for job in seen)
            for status in ("succeeded", "failed", "cancelled")
        ]
        ends = [job.finished_at.timestamp() for job in seen if job.finished_at]
        recovered = max(0.0, max(ends, default=batch.ended) - batch.ended)
        cells = [batch.fault, len(seen), *counts, f"{recovered:.1f} s"]
        print("| " + " | ".join(str(cell) for cell in cells) + " |")
    print(f"\nsubmitted and acknowledged: {sum(len(batch.job_ids) for batch in batches)}")
    for field in fields(verdict):
        print(f"{field.name.replace('_', ' ')}: {getattr(verdict, field.name)}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help="in all, over all kinds of faults")
    parser.add_argument("--frozen-seconds", type=float, default=20.0)
    parser.add_argument("--only", help="the faults whose name has this in it")
    chosen = parser.parse_args()
    kinds = [
        fault
        for fault in plan(frozen_seconds=chosen.frozen_seconds)
        if chosen.only is None or chosen.only in fault.name
    ]
    per_fault = -(-chosen.jobs // len(kinds))
    return 0 if run(per_fault, chosen.frozen_seconds, chosen.only) else 1


if __name__ == "__main__":
    sys.exit(main())
