"""How much of everything a comparison does."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Each system has one turn in each round, in the same order.

    In a turn it gets `warm_up` jobs that are not measured, a silence of `idle_seconds`, `jobs` as
    fast as they are taken (CPU, memory and jobs a second are those of this time), and `paced_jobs`
    at the steady rate of `per_second` (latencies are those of this time). What goes over the line
    is counted once, over `counted_jobs`.
    """

    rounds: int = 5
    warm_up: int = 200
    idle_seconds: float = 5.0
    jobs: int = 1000
    paced_jobs: int = 300
    per_second: float = 10.0
    counted_jobs: int = 50

    def words(self) -> str:
        return (
            f"{self.rounds} rounds in which the systems take turns; in each turn, after"
            f" {self.warm_up} jobs to warm up, {self.jobs} jobs by 8 callers as fast as they are"
            f" taken (CPU, jobs a second, memory), then {self.paced_jobs} jobs at"
            f" {self.per_second:g} a second (latencies)"
        )
