"""One system in one round: started, warmed up, measured, checked, ended."""

import time
from typing import cast

from bench.comparison.counting import Tally, counted
from bench.comparison.figures import Counts, Latency, PerJob, RedisPerJob, Round, Service
from bench.comparison.grounds import Grounds
from bench.comparison.load import burst, check_results, jobs_per_second, paced
from bench.comparison.plan import Plan
from bench.comparison.redis_counting import Observer, counting_commands
from bench.comparison.system import System
from bench.usage import Memory, cpu_seconds, watching_memory

MIB = 1024 * 1024
SETTLED_SECONDS = 0.5
SWEEP_FREE_SECONDS = 10.0


def measure(system: System, grounds: Grounds, plan: Plan) -> Round:
    """Raises `JobFailed` unless every job succeeds and its result can be read."""
    with system.start(grounds) as running, watching_memory(running.services) as peaks:
        burst(running, plan.warm_up)
        at_rest = cpu_seconds(running.services)
        time.sleep(plan.idle_seconds)
        before = cpu_seconds(running.services)
        under_load = burst(running, plan.jobs)
        after = cpu_seconds(running.services)
        at_ease = paced(running, plan.paced_jobs, plan.per_second)
        check_results(running, under_load)
    services = {}
    for service in running.services:
        peak = peaks.by_service.get(service, Memory())
        idle = (before[service] - at_rest[service]) / plan.idle_seconds
        services[service] = Service(
            cpu_ms=(after[service] - before[service]) / plan.jobs * 1000,
            idle_cpu_ms=idle * 1000,
            rss_mib=peak.rss / MIB,
            pss_mib=peak.pss / MIB,
            processes=peak.processes,
        )
    return Round(
        system=system.name,
        services=services,
        submit=Latency.of([job.submit_seconds for job in at_ease]),
        result=Latency.of([job.result_seconds for job in at_ease]),
        jobs_per_second=jobs_per_second(under_load),
    )


def count(system: System, grounds: Grounds, jobs: int) -> PerJob:
    """What a job of a system on the emulators sends them. Nothing is timed here."""
    with counted(grounds) as between, system.start(between.grounds) as running:
        burst(running, 1)
        _wait_for_no_sweep()
        before = _settled(between.tally)
        burst(running, jobs)
        after = _settled(between.tally)
    messages = after.messages - before.messages
    return PerJob(
        writes=(after.writes - before.writes) / jobs,
        reads=(after.reads - before.reads) / jobs,
        messages=messages / jobs,
        message_bytes=(after.message_bytes - before.message_bytes) / max(1, messages),
    )


def count_commands(system: System, grounds: Grounds, jobs: int) -> RedisPerJob:
    """What a job of a system on Redis sends it. Nothing is timed here."""
    with system.start(grounds) as running:
        burst(running, 1)
        observer = cast("Observer", running.store)
        with counting_commands(cast("int", grounds.redis), observer) as sent:
            burst(running, jobs)
    return RedisPerJob(commands=sent.commands / jobs, bytes=sent.size / jobs)


def _wait_for_no_sweep() -> None:
    """A sweep comes at every full minute and asks what is due, however many jobs there are."""
    left = 60 - time.time() % 60
    if left < SWEEP_FREE_SECONDS:
        time.sleep(left)


def _settled(tally: Tally) -> Counts:
    """What went through, once nothing does any more."""
    before = None
    while before != (counts := tally.counts):
        before = counts
        time.sleep(SETTLED_SECONDS)
    return counts
