"""What a month of Dormouse uses, counted."""

from dataclasses import dataclass

from deployment.cost.bill import Quantity
from deployment.cost.instances import busy_instances, instances_for_cpu, rounded, slots
from deployment.cost.sweeps import EVERY, HORIZON, found_at_a_sweep, mean_hold
from deployment.cost.workload import SECONDS, Deployment, Measured, Service, Workload

TIB = 2.0**40
GIB = 2.0**30
LEAST_MESSAGE = 1000
"""Bytes that Pub/Sub counts at least, when a message is published and when it is delivered."""
SWEEPS = SECONDS / EVERY
SCHEDULER_JOBS = 2
JOB_WRITES = 3
RETRY_WRITES = 2
"""The attempt that failed, and the claim of the next."""
DISPATCH_WRITES = 1
"""A sweep saves a job before it dispatches it."""
EVENT_WRITES = 1
"""A job's end, to be told to its webhooks; each of their deliveries is a job."""
FIRING_WRITES = 1
FIRING_READS = 2
"""The schedule, and the job of the time before."""


@dataclass(frozen=True)
class Counts:
    """Of a month."""

    workload: Workload

    @property
    def events(self) -> float:
        return self.workload.jobs if self.workload.deliveries else 0.0

    @property
    def jobs(self) -> float:
        """With the deliveries, which no caller submits."""
        return self.workload.jobs * (1 + self.workload.deliveries)

    @property
    def retries(self) -> float:
        return self.jobs * (self.workload.attempts - 1)

    @property
    def attempts(self) -> float:
        return self.jobs + self.retries

    @property
    def delayed(self) -> float:
        return self.jobs * self.workload.delayed

    @property
    def writes(self) -> float:
        return (
            self.jobs * JOB_WRITES
            + self.retries * RETRY_WRITES
            + self.delayed * DISPATCH_WRITES
            + self.events * EVENT_WRITES
            + self.workload.firings * FIRING_WRITES
        )

    @property
    def deletes(self) -> float:
        return self.jobs + self.events

    @property
    def messages(self) -> float:
        """Job messages: one to begin with, one for each dispatch after that."""
        return self.jobs + self.retries + self.delayed


def dormouse(workload: Workload, measured: Measured, deployment: Deployment) -> list[Quantity]:
    """In the order of the bill."""
    counts = Counts(workload)
    api = _api_instances(workload, measured, deployment.api)
    worker = _worker_instances(counts, measured, deployment.worker)
    requests = workload.jobs * (1 + workload.reads) + counts.messages + counts.events
    return [
        Quantity("documents written", "firestore_writes", counts.writes),
        Quantity(
            "documents read back",
            "firestore_reads",
            workload.jobs * workload.reads + counts.events,
        ),
        Quantity("documents read by sweeps", "firestore_reads", _sweep_reads(counts, measured)),
        Quantity("documents deleted in the end", "firestore_ttl_deletes", counts.deletes),
        Quantity(
            "documents kept",
            "firestore_storage",
            counts.jobs * measured.job_bytes * workload.kept_days * 86400 / SECONDS / GIB,
        ),
        Quantity("job messages, published and delivered", "pubsub", _tibibytes(counts, measured)),
        Quantity("requests", "run_requests", requests + SWEEPS),
        Quantity("API, processors", "run_cpu", api * deployment.api.cpu),
        Quantity("API, memory", "run_memory", api * deployment.api.memory),
        Quantity("worker, processors", "run_cpu", worker * deployment.worker.cpu),
        Quantity("worker, memory", "run_memory", worker * deployment.worker.memory),
        Quantity("Scheduler jobs", "scheduler", SCHEDULER_JOBS),
        Quantity("logs", "logging", counts.attempts * measured.log_bytes / GIB),
    ]


def hold(counts: Counts, measured: Measured) -> float:
    """Seconds for which a sweep is open while jobs come, beside what it takes by itself."""
    workload = counts.workload
    submitted = workload.per_second(counts.jobs)
    found = found_at_a_sweep(submitted=submitted, dispatch_seconds=measured.dispatch_seconds)
    return mean_hold(found, workload.per_second(counts.delayed))


def _worker_instances(counts: Counts, measured: Measured, worker: Service) -> float:
    """Seconds of instances, those with a sweep and nothing else included."""
    workload = counts.workload
    rate = workload.per_second(counts.attempts)
    open_pushes = rate * rounded(workload.duration + measured.attempt_seconds)
    sweeping = min(1.0, (measured.sweep_seconds + hold(counts, measured)) / EVERY)
    each = slots(worker.concurrency)
    busy = (1 - sweeping) * busy_instances(open_pushes, each)
    busy += sweeping * busy_instances(open_pushes, each, besides=1)
    cpu = rate * (workload.handler_cpu + measured.attempt_cpu)
    active = max(busy, instances_for_cpu(cpu, worker.cpu)) * workload.active_seconds
    quiet = (SECONDS - workload.active_seconds) * rounded(measured.sweep_seconds) / EVERY
    return active + quiet


def _api_instances(workload: Workload, measured: Measured, api: Service) -> float:
    """Seconds of instances: submissions, reads, and those who wait."""
    rate = workload.per_second(workload.jobs)
    each = rounded(measured.submit_seconds) * (1 + workload.reads) + workload.waited
    busy = busy_instances(rate * each, slots(api.concurrency))
    cpu = rate * measured.submit_cpu * (1 + workload.reads)
    return max(busy, instances_for_cpu(cpu, api.cpu)) * workload.active_seconds


def _sweep_reads(counts: Counts, measured: Measured) -> float:
    """At least one for each query, and every job that is found due; delayed ones once or twice."""
    workload = counts.workload
    waiting = workload.per_second(counts.jobs) * measured.dispatch_seconds
    found = waiting + workload.per_second(counts.delayed) * HORIZON
    firings = workload.firings * FIRING_READS
    return SWEEPS * (measured.sweep_reads + found * workload.active) + firings


def _tibibytes(counts: Counts, measured: Measured) -> float:
    return 2 * counts.messages * max(LEAST_MESSAGE, measured.job_message_bytes) / TIB
