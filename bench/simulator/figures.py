"""What the model is fed with: each figure with where it is from."""

import math
import random
from pathlib import Path
from typing import Literal

import msgspec

from deployment.cost.workload import MEASURED, read_measured
from local.processes import ROOT

SIGMAS_TO_P99 = 2.3263478740408408


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A number that somebody measured, documented or assumed."""

    value: float
    basis: Literal["measured", "documented", "assumed"]
    source: str


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """How long a call takes: log-normal, by two of its percentiles, in seconds."""

    p50: float
    p99: float
    basis: Literal["measured", "documented", "assumed"]
    source: str

    def sample(self, chance: random.Random) -> float:
        sigma = math.log(self.p99 / self.p50) / SIGMAS_TO_P99
        return chance.lognormvariate(math.log(self.p50), sigma) if sigma else self.p50


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds, bytes, and numbers a second."""

    api_cpu: Figure
    worker_cpu: Figure
    api_cold_start: Figure
    worker_cold_start: Figure
    job_message_bytes: Figure
    handler: Latency
    handler_cpu: Figure
    commit: Latency
    publish: Latency
    delivery: Latency
    index_writes: Figure
    ramp_writes: Figure
    ramp_growth: Figure
    ramp_seconds: Figure
    window_first: Figure
    window_linear: Figure
    pending_seconds: Figure
    scaling_seconds: Figure
    scaling_window: Figure
    target_utilisation: Figure
    idle_seconds: Figure
    most_instances: Figure
    publish_quota: Figure


def load(path: Path) -> Figures:
    """The file's figures, and those that `./dev cost` goes by.

    Raises `msgspec.ValidationError` for a file that lacks a figure or its source.
    """
    taken, source = read_measured(), str(MEASURED.relative_to(ROOT))
    measured = {
        "api_cpu": taken.submit_cpu,
        "worker_cpu": taken.attempt_cpu,
        "job_message_bytes": taken.job_message_bytes,
    }
    figures = {
        name: Figure(value=value, basis="measured", source=source)
        for name, value in measured.items()
    }
    return msgspec.convert(msgspec.json.decode(path.read_bytes()) | figures, type=Figures)
