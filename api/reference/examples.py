"""Answers as they look, made by the code that makes the real ones."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from api.checkup import Dependency
from api.health import Health
from api.resources import JobList, JobResource, JobTypeList, JobTypeResource
from jobs import transitions
from jobs.model import Job, Progress
from jobs.registry import JobType, Registry

_NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_SOON = _NOW + timedelta(seconds=1.5)
_ID = "5f0c6a1e9d3b4c7f8a2e1d0b9c8f7a6e"


def examples_of(registry: Registry) -> dict[str, Any]:
    """An answer, as plain JSON data, for each view that answers with something."""
    kind = next(iter(registry))
    job_type = JobTypeResource.of(kind)
    queued = _queued(kind, job_type)
    running = transitions.report(
        transitions.claim(queued, _SOON, lease=kind.timeout, worker="dormouse-worker-00042-kez"),
        Progress(fraction=0.5, message="half-way"),
    )
    cancelled = transitions.cancel(queued, _SOON, keep_for=kind.keep_for)
    well = Dependency(status="ok", latency_ms=3.2)
    made = {
        "submit_job": _shown(queued),
        "get_job": _shown(running),
        "list_jobs": JobList(jobs=[_shown(running)], next_page_token=""),
        "cancel_job": _shown(cancelled),
        "retry_job": _shown(transitions.retry(cancelled, _SOON)),
        "get_job_type": job_type,
        "list_job_types": JobTypeList(job_types=[job_type]),
        "get_health": Health(
            status="ok",
            revision="dormouse-api-00042-kez",
            dependencies={"store": well, "queue": well},
        ),
    }
    return {view: msgspec.json.decode(msgspec.json.encode(one)) for view, one in made.items()}


def _shown(job: Job) -> JobResource:
    return JobResource.of(job, traceback=False)


def _queued(kind: JobType[Any, Any], job_type: JobTypeResource) -> Job:
    job = Job(
        id=_ID,
        type=kind.name,
        owner="user:ada@example.com",
        payload=msgspec.Raw(msgspec.json.encode(job_type.example)),
        max_attempts=kind.retry.max_attempts,
        created_at=_NOW,
        run_at=_NOW,
        labels={"team": "billing"},
    )
    return transitions.ring(job, _NOW)
