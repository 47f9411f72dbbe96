"""What callers see: the JSON of jobs, lists and job types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from jobs.model import Attempt, Job, JobError, Progress, Status
from jobs.registry import JobType
from jobs.retry import RetryPolicy
from jobs.transitions import ALLOWED, Event


class JobLinks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be done with the job as it is now."""

    self: str
    cancel: str | None = None
    retry: str | None = None
    delete: str | None = None


class JobResource(msgspec.Struct, frozen=True, kw_only=True):
    """A job. Times are RFC 3339 in UTC; what does not apply yet is null."""

    id: str
    type: str
    status: Status
    owner: str
    payload: Annotated[msgspec.Raw, Meta(description="As it was submitted.")]
    labels: Mapping[str, str]
    attempt: Annotated[int, Meta(description="The current attempt, or the number made so far.")]
    max_attempts: int
    progress: Progress | None
    result: Annotated[msgspec.Raw | None, Meta(description="As the job type's result schema says.")]
    error: Annotated[JobError | None, Meta(description="Why the latest attempt failed.")]
    attempts: Annotated[tuple[Attempt, ...], Meta(description="The last ten that have ended.")]
    created_at: datetime
    run_at: Annotated[datetime, Meta(description="The next attempt starts no earlier.")]
    started_at: Annotated[datetime | None, Meta(description="When the latest attempt started.")]
    finished_at: datetime | None
    links: JobLinks

    @classmethod
    def of(cls, job: Job) -> Self:
        shown = {name: getattr(job, name) for name in _SHOWN}
        result = None if job.result is None else msgspec.Raw(job.result.encode())
        return cls(**shown, result=result, links=_links(job))


_SHOWN = tuple(name for name in JobResource.__struct_fields__ if name not in {"links", "result"})


def path_of(job: Job) -> str:
    return f"/v1/jobs/{job.id}"


def _links(job: Job) -> JobLinks:
    path = path_of(job)
    return JobLinks(
        self=path,
        cancel=f"{path}:cancel" if job.status in ALLOWED[Event.CANCEL] else None,
        retry=f"{path}:retry" if job.status in ALLOWED[Event.RETRY] else None,
        delete=path if job.is_terminal else None,
    )


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of jobs, newest first. An empty `next_page_token` means that this is the last."""

    jobs: list[JobResource]
    next_page_token: str


class JobTypeResource(msgspec.Struct, frozen=True, kw_only=True):
    """A job type: what its payload and result look like, and how it is run."""

    name: str
    description: str
    payload_schema: Annotated[dict[str, Any], Meta(description="JSON Schema 2020-12.")]
    result_schema: Annotated[dict[str, Any], Meta(description="JSON Schema 2020-12.")]
    example: Annotated[Any, Meta(description="A payload that this job type takes.")]
    retry: RetryPolicy
    timeout_seconds: Annotated[float, Meta(description="For one attempt.")]
    keep_days: Annotated[float, Meta(description="How long a finished job is kept.")]

    @classmethod
    def of(cls, kind: JobType[Any, Any]) -> Self:
        return cls(
            name=kind.name,
            description=kind.description,
            payload_schema=msgspec.json.schema(kind.payload_type),
            result_schema=msgspec.json.schema(kind.result_type),
            example=kind.example,
            retry=kind.retry,
            timeout_seconds=kind.timeout.total_seconds(),
            keep_days=kind.keep_for.total_seconds() / 86_400,
        )


class JobTypeList(msgspec.Struct, frozen=True, kw_only=True):
    job_types: list[JobTypeResource]
