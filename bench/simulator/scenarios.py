"""What the model is asked: a steady rate, a spike from nothing, callers who take turns."""

import random
from dataclasses import dataclass

import simpy

from bench.simulator.cloud_run import Steps, Usage
from bench.simulator.system import Job, Setup, System

SUSTAINED = 0.97
"""A rate is kept up if so much of what comes in goes out while it is measured."""


@dataclass(frozen=True, kw_only=True)
class Steady:
    """A rate, kept up for a while. Latencies are seconds from submission to answer or result.

    There is no time to the result where the rate is not sustained: the longer, the longer.
    """

    rate: float
    sustained: bool
    jobs_a_second: float
    accepted_p50: float
    accepted_p99: float
    result_p50: float
    result_p99: float
    seconds: float
    api: Usage
    worker: Usage
    writes: int
    jobs: int


@dataclass(frozen=True, kw_only=True)
class Spike:
    """Many jobs at once, at a deployment that had nothing to do."""

    jobs: int
    accepted_after: float
    half_after: float
    done_after: float
    most_workers: int
    refused: int


def steady(setup: Setup, rate: float, *, warm_up: float, seconds: float) -> Steady:
    """Jobs at random moments, as many callers who know nothing of each other make them."""
    system = System(setup)
    env = system.env
    env.process(_arrivals(system, rate, warm_up + seconds))
    env.run(warm_up)
    before, finished = _use(system), system.done
    env.run(warm_up + seconds)
    after, throughput = _use(system), (system.done - finished) / seconds
    measured = [job for job in system.jobs if job.submitted >= warm_up]
    sustained = throughput >= SUSTAINED * len(measured) / seconds
    if sustained:
        env.run(until=_when_finished(env, measured))
    results = sorted(job.finished - job.submitted for job in measured if job.finished)
    answers = sorted(job.accepted - job.submitted for job in measured if job.accepted)
    return Steady(
        rate=rate,
        sustained=sustained,
        jobs_a_second=throughput,
        accepted_p50=percentile(answers, 50),
        accepted_p99=percentile(answers, 99),
        result_p50=percentile(results, 50) if sustained else float("inf"),
        result_p99=percentile(results, 99) if sustained else float("inf"),
        seconds=seconds,
        api=_difference(before[0], after[0]),
        worker=_difference(before[1], after[1]),
        writes=after[2] - before[2],
        jobs=len(measured),
    )


def spike(setup: Setup, jobs: int, *, over: float) -> Spike:
    """So many jobs, submitted evenly over so many seconds."""
    system = System(setup)
    env = system.env

    def submit_all() -> Steps:
        for _ in range(jobs):
            env.process(system.submit())
            yield env.timeout(over / jobs)

    env.process(submit_all())
    while system.done < jobs:
        env.step()
    finished = sorted(job.finished for job in system.jobs if job.finished)
    return Spike(
        jobs=jobs,
        accepted_after=max(job.accepted or 0.0 for job in system.jobs),
        half_after=percentile(finished, 50),
        done_after=finished[-1],
        most_workers=system.worker.usage.most_instances,
        refused=system.worker.usage.refused + system.api.usage.refused,
    )


def in_turns(setup: Setup, callers: int, jobs: int) -> float:
    """Jobs a second, from the first submission to the last result, by so many callers.

    Each submits its next job as soon as the last was answered.
    """
    system = System(setup)
    env = system.env

    def call() -> Steps:
        while len(system.jobs) < jobs:
            yield env.process(system.submit())

    for _ in range(callers):
        env.process(call())
    # The last ones are submitted together, by all who may.
    while len(system.jobs) < jobs or system.done < len(system.jobs):
        env.step()
    return len(system.jobs) / max(job.finished for job in system.jobs if job.finished)


def percentile(ordered: list[float], percent: float) -> float:
    """The smallest value that so many percent don't exceed; of none, infinity."""
    if not ordered:
        return float("inf")
    return ordered[max(0, -(-len(ordered) * int(percent) // 100) - 1)]


def _arrivals(system: System, rate: float, until: float) -> Steps:
    chance = random.Random(system.setup.seed + 1)  # noqa: S311 - it has to be repeatable
    while system.env.now < until:
        yield system.env.timeout(chance.expovariate(rate))
        system.env.process(system.submit())


def _when_finished(env: simpy.Environment, jobs: list[Job]) -> simpy.Event:
    def wait() -> Steps:
        for job in jobs:
            while not (job.finished and job.accepted):
                yield env.timeout(1)

    return env.process(wait())


def _use(system: System) -> tuple[Usage, Usage, int]:
    return system.api.used(), system.worker.used(), system.firestore.writes


def _difference(before: Usage, after: Usage) -> Usage:
    return Usage(
        requests=after.requests - before.requests,
        instance_seconds=after.instance_seconds - before.instance_seconds,
        cold_starts=after.cold_starts - before.cold_starts,
        refused=after.refused - before.refused,
        most_instances=after.most_instances,
    )
