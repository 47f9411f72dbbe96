"""What was measured, as data, and what is made of several rounds of it."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True)
class Counts:
    """What went over the line, of all jobs together. `message_bytes` are data and attributes."""

    writes: int = 0
    reads: int = 0
    messages: int = 0
    message_bytes: int = 0


class Latency(msgspec.Struct, frozen=True):
    """Percentiles in milliseconds."""

    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Latency":
        return cls(*(round(percentile(seconds, p) * 1000, 3) for p in PERCENTILES))


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What one service took in one round."""

    cpu_ms: float
    """For each job, under load."""
    idle_cpu_ms: float
    """For each second in which nobody asked for anything."""
    rss_mib: float
    pss_mib: float
    processes: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """One system in one round."""

    system: str
    services: Mapping[str, Service]
    submit: Latency
    result: Latency
    jobs_per_second: float

    @property
    def cpu_ms(self) -> float:
        return sum(service.cpu_ms for service in self.services.values())


class PerJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a job costs at Google's list: documents, messages, and a message's size in bytes."""

    writes: float
    reads: float
    messages: float
    message_bytes: float


class RedisPerJob(msgspec.Struct, frozen=True, kw_only=True):
    """What a job sends to Redis: commands, and bytes of commands and arguments."""

    commands: float
    bytes: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run, as it is kept in `bench/results/comparison.json`."""

    circumstances: Mapping[str, str]
    rounds: Sequence[Round]
    per_job: Mapping[str, PerJob]
    redis_per_job: Mapping[str, RedisPerJob] = {}

    @property
    def systems(self) -> list[str]:
        """In the order of their turns."""
        return list(dict.fromkeys(one.system for one in self.rounds))

    def of(self, system: str, figure: Callable[[Round], float]) -> list[float]:
        """One figure of one system, a value for each round."""
        return [figure(one) for one in self.rounds if one.system == system]


class Spread(msgspec.Struct, frozen=True):
    """Several rounds' values of one figure."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(min(values), statistics.median(values), max(values))


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least so many percent of the values don't exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def ratio(values: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the rounds' own ratios: what slows a whole round slows both."""
    return statistics.median(one / other for one, other in zip(values, floor, strict=True))
