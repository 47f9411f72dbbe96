"""Memory over jobs, as data."""

import statistics
from collections.abc import Mapping, Sequence

import msgspec

FLAT_PERCENT = 5.0
"""By so much may a role's memory grow in the second half of the jobs and count as flat."""


class Held(msgspec.Struct, frozen=True):
    """In MiB, of all the processes of one role."""

    rss_mib: float = 0.0
    pss_mib: float = 0.0
    processes: int = 0

    def __add__(self, other: "Held") -> "Held":
        return Held(
            self.rss_mib + other.rss_mib,
            self.pss_mib + other.pss_mib,
            self.processes + other.processes,
        )


class Sample(msgspec.Struct, frozen=True):
    """What was held by each role after so many jobs."""

    jobs: int
    held: Mapping[str, Held]


class MemoryRun(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run, as it is kept in `bench/results/memory.json`."""

    circumstances: Mapping[str, str]
    samples: Sequence[Sample]

    @property
    def roles(self) -> list[str]:
        return sorted({role for sample in self.samples for role in sample.held})

    def of(self, role: str) -> tuple[list[int], list[float]]:
        """Jobs, and the RSS of one process of the role on average."""
        there = [sample for sample in self.samples if role in sample.held]
        held = [sample.held[role] for sample in there]
        return [sample.jobs for sample in there], [one.rss_mib / one.processes for one in held]


def growth_percent(jobs: Sequence[int], mib: Sequence[float]) -> float:
    """By how much it grew over the second half of the jobs, by a straight line through it."""
    half = len(jobs) // 2
    later_jobs, later = jobs[half:], mib[half:]
    slope, start = statistics.linear_regression(later_jobs, later)
    before, after = (start + slope * count for count in (later_jobs[0], later_jobs[-1]))
    return (after - before) / before * 100
