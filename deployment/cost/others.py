"""What one would use in its place, doing the same jobs."""

import math

from deployment.cost.bill import Quantity
from deployment.cost.instances import TARGET, busy_instances, instances_for_cpu, rounded, slots
from deployment.cost.model import GIB, Counts
from deployment.cost.workload import SECONDS, Deployment, Measured, Workload

VM_CPUS = 2
VM_HANDLERS = 12
"""What 8 GiB hold of handlers with half a GiB each, beside Redis, the API and the system."""
VM_DISK_GIB = 20
HOURS = SECONDS / 3600


def cloud_tasks(workload: Workload, measured: Measured, deployment: Deployment) -> list[Quantity]:
    """Cloud Tasks and a table of statuses in Firestore, on the same two services.

    A task is created and delivered once for each attempt; the row is written when it is made, when
    an attempt starts, and when it ends. Delays are Cloud Tasks' own. There is no sweep: a row whose
    worker dies between its last write and its answer is found by nobody but the next delivery.
    """
    counts = Counts(workload)
    worker, api = deployment.worker, deployment.api
    rate = workload.per_second(counts.attempts)
    pushes = rate * rounded(workload.duration + measured.attempt_seconds)
    cpu = rate * (workload.handler_cpu + measured.attempt_cpu)
    working = workload.active_seconds * max(
        busy_instances(pushes, slots(worker.concurrency)), instances_for_cpu(cpu, worker.cpu)
    )
    calls = rounded(measured.submit_seconds) * (1 + workload.reads) + workload.waited
    serving = workload.active_seconds * busy_instances(
        workload.per_second(workload.jobs) * calls, slots(api.concurrency)
    )
    rows = counts.jobs + 2 * counts.attempts
    kept = counts.jobs * measured.job_bytes * workload.kept_days * 86400 / SECONDS / GIB
    requests = workload.jobs * (1 + workload.reads) + counts.attempts
    return [
        Quantity("task operations", "tasks", counts.jobs + counts.attempts),
        Quantity("documents written", "firestore_writes", rows),
        Quantity("documents read back", "firestore_reads", workload.jobs * workload.reads),
        Quantity("documents deleted in the end", "firestore_ttl_deletes", counts.jobs),
        Quantity("documents kept", "firestore_storage", kept),
        Quantity("requests", "run_requests", requests),
        Quantity("API, processors", "run_cpu", serving * api.cpu),
        Quantity("API, memory", "run_memory", serving * api.memory),
        Quantity("worker, processors", "run_cpu", working * worker.cpu),
        Quantity("worker, memory", "run_memory", working * worker.memory),
        Quantity("logs", "logging", counts.attempts * measured.log_bytes / GIB),
    ]


def celery_machines(workload: Workload, measured: Measured) -> int:
    """As many as the busiest time needs, at the same use as Cloud Run's; one at least."""
    rate = workload.per_second(Counts(workload).attempts)
    handlers = rate * workload.duration / VM_HANDLERS
    cpu = rate * (workload.handler_cpu + measured.attempt_cpu + measured.submit_cpu) / VM_CPUS
    return max(1, math.ceil(max(handlers, cpu) / TARGET))


def celery(workload: Workload, measured: Measured) -> list[Quantity]:
    """Celery, Redis and an API on always-on machines, e2-standard-2, which nobody else watches.

    Redis runs on the first of them, without a copy; results expire in it, so nothing else is kept.
    """
    machines = celery_machines(workload, measured)
    return [
        Quantity("machines", "vm", machines * HOURS),
        Quantity("disks", "vm_disk", machines * VM_DISK_GIB),
        Quantity("public address", "vm_address", HOURS),
    ]
