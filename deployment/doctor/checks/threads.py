"""Can a full instance still answer its probes, and has every push a process to run in?"""

from collections.abc import Iterator

from deployment.doctor.findings import Finding
from deployment.doctor.snapshot import Service, Snapshot
from jobs.settings.settings import Settings


def check_threads(snapshot: Snapshot) -> Iterator[Finding]:
    where = f"--project={snapshot.project} --region={snapshot.region}"
    for service, threads in snapshot.wanted.threads.items():
        found: Service | None = getattr(snapshot, service)
        if found and found.concurrency >= threads:
            yield Finding(
                id="threads-few",
                what=f"{found.name} takes {found.concurrency} requests at once, and gunicorn has"
                f" {threads} threads: a full instance does not answer its probes and is ended.",
                mend=f"`gcloud run services update {found.name} {where}"
                f" --concurrency={threads * 9 // 10}`, or fewer.",
            )
    worker = snapshot.worker
    if worker:
        said = worker.environment.get("DORMOUSE_HANDLER_PROCESSES", "")
        processes = int(said) if said.isdigit() else Settings.processes
        if worker.concurrency > processes:
            yield Finding(
                id="processes-few",
                what=f"{worker.name} is sent {worker.concurrency} requests at once and runs"
                f" {processes} handlers: it refuses the rest, and Pub/Sub slows down.",
                mend=f"`gcloud run services update {worker.name} {where}"
                f" --concurrency={processes}`",
            )
