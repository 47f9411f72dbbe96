"""What Dormouse is held to, beside the others."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.comparison.figures import Comparison, ratio

FLOOR, OURS, CELERY = "floor", "dormouse", "Celery + Redis"
MOST_CPU = 1.25
MOST_LATENCY = 1.3
LEAST_THROUGHPUT = 0.9


@dataclass(frozen=True)
class Verdict:
    measured: float
    reached: bool


def verdicts(comparison: Comparison) -> Mapping[str, Verdict]:
    """Those of the targets that this comparison can tell of."""
    found = {}
    if {FLOOR, OURS} <= set(comparison.systems):
        cpu = ratio(*(comparison.of(name, lambda one: one.cpu_ms) for name in (OURS, FLOOR)))
        slow = ratio(*(comparison.of(name, lambda one: one.result.p50) for name in (OURS, FLOOR)))
        fast = ratio(
            *(comparison.of(name, lambda one: one.jobs_per_second) for name in (OURS, FLOOR))
        )
        found[f"CPU a job: at most {MOST_CPU} of the floor's"] = Verdict(cpu, cpu <= MOST_CPU)
        found[f"submit to result p50: at most {MOST_LATENCY} of the floor's"] = Verdict(
            slow, slow <= MOST_LATENCY
        )
        found[f"jobs a second: at least {LEAST_THROUGHPUT} of the floor's"] = Verdict(
            fast, fast >= LEAST_THROUGHPUT
        )
    if {CELERY, OURS} <= set(comparison.systems):
        beside = ratio(*(comparison.of(name, lambda one: one.cpu_ms) for name in (OURS, CELERY)))
        found[f"CPU a job: below that of {CELERY}"] = Verdict(beside, beside < 1)
    if costs := comparison.per_job.get(OURS):
        found["three document writes a job"] = Verdict(costs.writes, costs.writes == 3)  # noqa: PLR2004 - the budget
        found["no document reads"] = Verdict(costs.reads, costs.reads == 0)
        found["one message a job"] = Verdict(costs.messages, costs.messages == 1)
    return found
