"""All systems in turn, several times round."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from bench.circumstances import circumstances
from bench.comparison.figures import Comparison
from bench.comparison.grounds import prepared
from bench.comparison.measure import count, count_commands, measure
from bench.comparison.plan import Plan
from bench.comparison.system import System

PACKAGES = ("flask", "gunicorn", "grpcio", "google-cloud-firestore", "google-cloud-pubsub")
REDIS_PACKAGES = ("celery", "rq", "redis")


def compare(systems: Sequence[System], plan: Plan) -> Comparison:
    """Raises `JobFailed`, `RedisMissing`, `EmulatorsMissing`."""
    with_redis = any(system.needs_redis for system in systems)
    packages = (*PACKAGES, *(REDIS_PACKAGES if with_redis else ()))
    found = circumstances(packages, ["redis-server"] if with_redis else [])
    rounds = []
    with ExitStack() as stack:
        grounds = stack.enter_context(prepared(with_redis=with_redis))
        print("warming the emulators up ...", flush=True)
        measure(systems[0], grounds, replace(plan, idle_seconds=0.1, paced_jobs=1))
        for number in range(1, plan.rounds + 1):
            for system in systems:
                one = measure(system, grounds, plan)
                rounds.append(one)
                print(
                    f"round {number}, {system.name}: {one.cpu_ms:.2f} ms of CPU a job,"
                    f" {one.jobs_per_second:.0f} jobs a second,"
                    f" result after {one.result.p50:.1f} ms",
                    flush=True,
                )
        jobs = plan.counted_jobs
        per_job = {one.name: count(one, grounds, jobs) for one in systems if not one.needs_redis}
        redis_per_job = {
            one.name: count_commands(one, grounds, jobs) for one in systems if one.needs_redis
        }
    return Comparison(
        circumstances=found | {"plan": plan.words()},
        rounds=rounds,
        per_job=per_job,
        redis_per_job=redis_per_job,
    )
