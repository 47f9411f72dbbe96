"""What it costs to run a handler where it can be ended for real: `python -m bench.isolation`.

Compares a thread of the worker, the pool that the worker has, a fork for each job, and
an interpreter for each job: the time from task to outcome, and the CPU of all processes together.
Linux only, as it reads /proc.
"""

import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.faults.handlers import REGISTRY
from jobs.job.model import Progress
from worker.attempts.outcome import HandlerOutcome
from worker.processes.pool import HandlerPool
from worker.processes.run import Task, run_handler

HANDLERS = "bench.faults.handlers"
ROUNDS = 5
_TICKS = os.sysconf("SC_CLK_TCK")


class _Silent:
    """A link that nobody uses."""

    def report(self, progress: Progress) -> None:
        raise AssertionError(progress)

    def check(self) -> None:
        raise AssertionError

    def remember(self, checkpoint: str) -> None:
        raise AssertionError(checkpoint)

    def say(self, time: datetime, level: str, text: str) -> None:
        raise AssertionError((time, level, text))


def _task() -> Task:
    return Task(
        job_id="0" * 32,
        job_type="fault.none",
        payload=b'{"ledger": "/dev/null", "seconds": 0}',
        attempt=1,
        max_attempts=1,
        deadline=datetime.now(UTC) + timedelta(seconds=60),
        allowed_hosts=frozenset(),
    )


def in_thread(task: Task) -> HandlerOutcome:
    return run_handler(REGISTRY.get(task.job_type), task, _Silent())


def forked(task: Task) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([HANDLERS, "worker.processes.child"])
    process = context.Process(target=in_thread, args=(task,))
    process.start()
    process.join()


def interpreter(task: Task) -> None:
    code = f"import {HANDLERS} as h; h.REGISTRY.get({task.job_type!r})"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own code


def cpu_seconds() -> float:
    """User and system time of this session's processes, living and reaped."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == os.getsid(0):
            ticks += sum(map(int, fields[11:15]))
    return ticks / _TICKS


def measure(run: Callable[[Task], object], jobs: int) -> tuple[float, float]:
    """Median milliseconds from task to outcome, and CPU milliseconds a job."""
    before = cpu_seconds()
    times = []
    for _ in range(jobs):
        start = time.perf_counter()
        run(_task())
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000, (cpu_seconds() - before) / jobs * 1000


def main() -> None:
    # So that this run's processes can be told from others.
    if os.getsid(0) != os.getpid():
        os.setsid()
    start = time.perf_counter()
    pool = HandlerPool(
        handlers=HANDLERS,
        project="bench",
        processes=4,
        memory_bytes=512 * 1024 * 1024,
        now=lambda: datetime.now(UTC),
    )
    pool.run(_task(), _Silent())
    print(f"pool, first outcome after its start: {(time.perf_counter() - start) * 1000:.0f} ms")
    ways: dict[str, tuple[Callable[[Task], object], int]] = {
        "a thread of the worker": (in_thread, 2000),
        "the pool": (lambda task: pool.run(task, _Silent()), 2000),
        "a fork for each job": (forked, 100),
        "an interpreter for each job": (interpreter, 10),
    }
    figures: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (run, jobs) in ways.items():
            figures[name].append(measure(run, jobs))
    print("\n| way | ms to the outcome | CPU ms a job |\n|---|--:|--:|")
    for name, measured in figures.items():
        wall, cpu = (statistics.median(column) for column in zip(*measured, strict=True))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} |")
    pool.stop()


if __name__ == "__main__":
    main()
