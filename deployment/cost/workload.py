"""What a month is like: the work, what was measured of a job, and the size of the services."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from deployment.cost.prices import DAYS

SECONDS = DAYS * 24 * 3600
"""Of a month."""
MEASURED = Path(__file__).parent / "measured.toml"


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A month's jobs, which come evenly, but at random, in the time in which they come.

    `duration` is the handler's, in seconds, and `handler_cpu` what it uses of one processor.
    `attempts` is how often a job is attempted, on average. `delayed` is the share of the jobs that
    a sweep dispatches at their moment, for a delay or a longer retry. `active` is the share of the
    month in which jobs come. `reads` counts how often a job is read back, `waited` how many seconds
    a caller's `?wait=` holds a request open for it, `deliveries` webhooks for each job, `firings`
    the times a month at which a schedule fires (its jobs are among the jobs). `kept_days` is how
    long a job is kept.
    """

    jobs: float = 1e6
    duration: float = 0.2
    handler_cpu: float = 0.0
    attempts: float = 1.0
    delayed: float = 0.0
    active: float = 1.0
    reads: float = 1.0
    waited: float = 0.0
    deliveries: float = 0.0
    firings: float = 0.0
    kept_days: float = 30.0

    @property
    def active_seconds(self) -> float:
        """Of the month, in which jobs come."""
        return SECONDS * self.active

    def per_second(self, of_a_month: float) -> float:
        """The rate of something that comes with the jobs, while they come."""
        return of_a_month / self.active_seconds


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one job takes beside its handler; seconds, bytes. `measured.toml` says where from."""

    submit_seconds: float
    submit_cpu: float
    attempt_seconds: float
    """How much longer than its handler a push is open."""
    attempt_cpu: float
    dispatch_seconds: float
    """From a job's submission to its claim."""
    sweep_seconds: float
    """Of a sweep that finds nothing."""
    sweep_reads: float
    """Each of its queries costs one read though it finds nothing."""
    job_message_bytes: float
    job_bytes: float
    """A document with its indexes."""
    log_bytes: float
    """Of a job's three events and its two requests."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Cloud Run service's instances: processors, memory in GiB, requests at once."""

    cpu: float
    memory: float
    concurrency: int


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """As Terraform sets it up, unless told otherwise; a test holds them equal."""

    api: Service = Service(cpu=1, memory=0.5, concurrency=72)
    worker: Service = Service(cpu=2, memory=4, concurrency=6)


def read_measured(path: Path = MEASURED) -> Measured:
    return msgspec.convert(tomllib.loads(path.read_text())["job"], Measured)
