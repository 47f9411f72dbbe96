"""Answers as they look, made by the code that makes the real ones."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from api.checkup import Dependency
from api.health import Health
from api.resources import JobList, JobResource, JobTypeList, JobTypeResource
from jobs.model import Job
from jobs.registry import JobType, Registry
from jobs.transitions import ring

_NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_ID = "5f0c6a1e9d3b4c7f8a2e1d0b9c8f7a6e"


def examples_of(registry: Registry) -> dict[Any, Any]:
    """An example, as plain JSON data, of each type that an operation answers with."""
    kind = next(iter(registry))
    job = JobResource.of(_queued(kind), traceback=False)
    job_type = JobTypeResource.of(kind)
    well = Dependency(status="ok", latency_ms=3.2)
    health = Health(
        status="ok", revision="dormouse-api-00042-kez", dependencies={"store": well, "queue": well}
    )
    made = [
        job,
        JobList(jobs=[job], next_page_token=""),
        job_type,
        JobTypeList(job_types=[job_type]),
        health,
    ]
    return {type(one): msgspec.json.decode(msgspec.json.encode(one)) for one in made}


def _queued(kind: JobType[Any, Any]) -> Job:
    job = Job(
        id=_ID,
        type=kind.name,
        owner="user:ada@example.com",
        payload=msgspec.Raw(msgspec.json.encode(kind.example)),
        max_attempts=kind.retry.max_attempts,
        created_at=_NOW,
        run_at=_NOW,
        labels={"team": "billing"},
    )
    return ring(job, _NOW)
