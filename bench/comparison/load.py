"""Submits jobs to a running system and waits until its store has their results."""

import itertools
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from queue import SimpleQueue

from bench.comparison.system import Client, JobFailed, Running

SUBMITTERS = 8
LOOK_SECONDS = 0.1
LOOK_AT = 50
"""How many jobs are looked at in one call: the oldest that are not known to be finished."""
STUCK_SECONDS = 60.0


@dataclass(frozen=True)
class Done:
    """One job's way. Times are seconds since the epoch, by this machine's one clock."""

    job_id: str
    sent: float
    answered: float
    finished: float

    @property
    def submit_seconds(self) -> float:
        return self.answered - self.sent

    @property
    def result_seconds(self) -> float:
        return self.finished - self.sent


@dataclass(frozen=True)
class _Submitted:
    number: int
    job_id: str
    sent: float
    answered: float


def payload(number: int) -> dict[str, str]:
    return {"text": f"job {number} of a comparison"}


def burst(running: Running, jobs: int) -> list[Done]:
    """As fast as several callers can submit, each the next job once the last was answered."""
    return _run(running, jobs, lambda _number: 0.0)


def paced(running: Running, jobs: int, per_second: float) -> list[Done]:
    """At a steady rate, whether or not earlier jobs have been answered."""
    return _run(running, jobs, lambda number: number / per_second)


def jobs_per_second(done: Sequence[Done]) -> float:
    """From the first submission to the last result."""
    return len(done) / (max(job.finished for job in done) - min(job.sent for job in done))


def check_results(running: Running, done: Sequence[Done]) -> None:
    """Hold what a caller reads to what it asked for. Raises `JobFailed`."""
    with closing(Client(running)) as client:
        for number in {0, len(done) // 2, len(done) - 1}:
            if (got := client.result(done[number].job_id)) != payload(number):
                raise JobFailed(f"Job {number} has the result {got!r}.")


def _run(running: Running, jobs: int, due: Callable[[int], float]) -> list[Done]:
    """In the order of the jobs' numbers. Raises `JobFailed`, also if no job gets finished."""
    numbers, start = itertools.count(), time.time()
    submitted: SimpleQueue[_Submitted] = SimpleQueue()

    def submit_some() -> None:
        with closing(Client(running)) as client:
            while (number := next(numbers)) < jobs:
                time.sleep(max(0.0, start + due(number) - time.time()))
                sent = time.time()
                job_id = client.submit(payload(number))
                submitted.put(_Submitted(number, job_id, sent, time.time()))

    with ThreadPoolExecutor(SUBMITTERS) as pool:
        submitters = [pool.submit(submit_some) for _ in range(SUBMITTERS)]
        done = _await_results(running, jobs, submitted, submitters)
    return [done[number] for number in range(jobs)]


def _await_results(
    running: Running,
    jobs: int,
    submitted: "SimpleQueue[_Submitted]",
    submitters: Sequence[Future[None]],
) -> dict[int, Done]:
    pending: dict[str, _Submitted] = {}
    done: dict[int, Done] = {}
    last_news = time.monotonic()
    while len(done) < jobs:
        while not submitted.empty():
            one = submitted.get()
            pending[one.job_id] = one
        oldest = list(itertools.islice(pending, LOOK_AT))
        finished = running.store.finished(oldest)
        for job_id, moment in finished.items():
            one = pending.pop(job_id)
            done[one.number] = Done(job_id, one.sent, one.answered, moment)
        if finished:
            last_news = time.monotonic()
        if len(finished) == LOOK_AT:
            continue
        for submitter in submitters:
            if submitter.done():
                submitter.result()
        if time.monotonic() - last_news > STUCK_SECONDS:
            raise JobFailed(f"{jobs - len(done)} jobs were not finished.")
        time.sleep(LOOK_SECONDS)
    return done
