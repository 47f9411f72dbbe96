"""Puts the system under every kind of fault, and prints a table of what came of it."""

import random
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, fields
from pathlib import Path

from tests.faults.client import Caller
from tests.faults.ledger import runs_by_job
from tests.faults.plan import Fault, repeating, sweep_twice
from tests.faults.system import System, running_system
from tests.faults.verdict import Verdict, judge
from tests.faults.watch import Seen, Watcher

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


def run(faults: Sequence[Fault], jobs_per_fault: int, *, sweep_every: float | None = None) -> bool:
    """Try the faults one after the other, and say whether every promise held.

    At the end the system is given time to recover, by its sweeps once a minute, or by further
    ones every so many seconds.
    """
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        log_path = Path(folder) / "services.log"
        with log_path.open("wb") as log, running_system(log) as system:
            with closing(Watcher(system.ports)) as watcher:
                batches = []
                with watcher.watching():
                    for fault in faults:
                        print(f"{fault.name} ...", flush=True)
                        batches.append(_under(fault, system, jobs_per_fault, ledger))
                    with _extra_sweeps(system, sweep_every):
                        settled = _settle(watcher)
                jobs = watcher.jobs()
            acknowledged = [job_id for batch in batches for job_id in batch.job_ids]
            verdict = judge(acknowledged, jobs, runs_by_job(ledger), watcher.changed)
        _print(batches, jobs, verdict)
        kept = Path(tempfile.gettempdir()) / "dormouse-faults.log"
        shutil.copy(log_path, kept)
        print(f"\nThe services' log is kept in {kept}.")
    return settled and verdict.holds


def _under(fault: Fault, system: System, jobs: int, ledger: Path) -> Batch:
    chance = random.Random(fault.name)  # noqa: S311 - repeatable
    types = [
        fault.misbehaving if chance.random() < fault.share else "fault.none" for _ in range(jobs)
    ]
    cancelled = [chance.random() < fault.cancels for _ in range(jobs)]
    started = time.time()
    with (
        closing(Caller(system.ports)) as caller,
        fault.disturb(system),
        ThreadPoolExecutor(CALLERS) as pool,
    ):

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


def _extra_sweeps(system: System, every: float | None) -> AbstractContextManager[None]:
    return repeating(sweep_twice, every)(system) if every else nullcontext()


def _settle(watcher: Watcher) -> bool:
    """Whether every job became terminal in time."""
    until = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < until:
        left = watcher.unfinished()
        print(f"  {left} jobs not terminal", flush=True)
        if not left:
            return True
        time.sleep(_LOOK_SECONDS if left < 50 else 2 * _LOOK_SECONDS)
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
