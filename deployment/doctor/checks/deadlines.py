"""Does everybody wait long enough? The numbers are those of the code."""

from collections.abc import Iterator

from api.jobs.requests import MAX_WAIT_SECONDS
from deployment.doctor.findings import Finding
from deployment.doctor.snapshot import Snapshot
from worker.attempts.attempts import PUSH_LIMIT
from worker.sweep.sweep import AHEAD

PUSH_SECONDS = int(PUSH_LIMIT.total_seconds())
SWEEP_SECONDS = AHEAD.total_seconds()


def check_deadlines(snapshot: Snapshot) -> Iterator[Finding]:
    project = f"--project={snapshot.project}"
    where = f"{project} --region={snapshot.region}"
    jobs, worker, api = snapshot.job_messages, snapshot.worker, snapshot.api
    if jobs and jobs.ack_deadline_seconds <= PUSH_SECONDS:
        yield Finding(
            id="ack-deadline-short",
            what=f"{jobs.name} waits {jobs.ack_deadline_seconds} s for an answer, and an"
            f" attempt may take {PUSH_SECONDS} s: long jobs are pushed again while they run.",
            mend=f"`gcloud pubsub subscriptions update {jobs.name} {project} --ack-deadline=600`",
        )
    if worker and worker.timeout_seconds <= PUSH_SECONDS:
        yield Finding(
            id="worker-timeout-short",
            what=f"Cloud Run ends the worker's requests after {worker.timeout_seconds} s, and an"
            f" attempt may take {PUSH_SECONDS} s.",
            mend=f"`gcloud run services update {worker.name} {where} --timeout=600`",
        )
    if api and api.timeout_seconds < 2 * MAX_WAIT_SECONDS:
        yield Finding(
            id="api-timeout-short",
            what=f"Cloud Run ends the API's requests after {api.timeout_seconds} s, and a caller"
            f" may wait for a job for {MAX_WAIT_SECONDS} s.",
            mend=f"`gcloud run services update {api.name} {where} --timeout=60`",
        )
    for one in snapshot.scheduled or ():
        if one.deadline_seconds <= SWEEP_SECONDS:
            yield Finding(
                id="sweep-deadline-short",
                what=f"{one.call.name} gives up after {one.deadline_seconds:g} s, and a sweep may"
                f" take {SWEEP_SECONDS:g} s.",
                mend=f"`gcloud scheduler jobs update http {one.call.name} {project}"
                f" --location={snapshot.region} --attempt-deadline=180s`",
            )
