"""What callers see: the JSON of jobs, lists and job types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from msgspec import Meta

from jobs.dead_letters import DeadLetter, Reason
from jobs.model import Attempt, Job, JobError, Outcome, Progress, Status
from jobs.registry import JobType
from jobs.retry import RetryPolicy
from jobs.transitions import ALLOWED, Event

Moment = Annotated[datetime, Meta(tz=True)]
"""RFC 3339, in UTC, with microseconds."""


class JobLinks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be done with the job as it is now: paths on this service."""

    self: str
    cancel: str | None = None
    retry: str | None = None
    delete: str | None = None


class AttemptResource(msgspec.Struct, frozen=True, kw_only=True):
    """One ended run of the job's handler."""

    number: Annotated[int, Meta(description="Counted from 1; anew after a retry by hand.")]
    started_at: Moment
    ended_at: Moment
    outcome: Outcome
    worker: Annotated[str, Meta(description="The worker's revision.")]
    error: JobError | None

    @classmethod
    def of(cls, attempt: Attempt, *, traceback: bool) -> Self:
        return cls(
            number=attempt.number,
            started_at=attempt.started_at,
            ended_at=attempt.ended_at,
            outcome=attempt.outcome,
            worker=attempt.worker,
            error=_shown(attempt.error, traceback=traceback),
        )


class JobResource(msgspec.Struct, frozen=True, kw_only=True):
    """A job. What does not apply yet is null."""

    id: Annotated[str, Meta(description="32 hexadecimal digits.")]
    type: Annotated[str, Meta(description="The name of its job type.")]
    status: Annotated[
        Status, Meta(description="`succeeded`, `failed` and `cancelled` are terminal.")
    ]
    owner: Annotated[
        str,
        Meta(description="Who submitted it.", examples=["user:ada@example.com"]),
    ]
    payload: Annotated[msgspec.Raw, Meta(description="As it was submitted.")]
    labels: Mapping[str, str]
    attempt: Annotated[int, Meta(description="The current attempt, or the number made so far.")]
    max_attempts: int
    progress: Annotated[Progress | None, Meta(description="What the running attempt last said.")]
    result: Annotated[
        msgspec.Raw | None,
        Meta(
            description="As the job type's result schema says, once the status is `succeeded`;"
            " null before, and where that is the result."
        ),
    ]
    error: Annotated[
        JobError | None,
        Meta(description="Why the latest attempt failed. Its traceback is for operators only."),
    ]
    attempts: Annotated[
        tuple[AttemptResource, ...], Meta(description="The last ten that have ended.")
    ]
    created_at: Moment
    run_at: Annotated[Moment, Meta(description="The next attempt starts no earlier.")]
    started_at: Annotated[Moment | None, Meta(description="When the latest attempt started.")]
    finished_at: Annotated[Moment | None, Meta(description="When it became terminal.")]
    links: JobLinks

    @classmethod
    def of(cls, job: Job, *, traceback: bool) -> Self:
        """The job as it is shown, with the tracebacks of its handler or without."""
        return cls(
            **{name: getattr(job, name) for name in _SHOWN_AS_THEY_ARE},
            result=None if job.result is None else msgspec.Raw(job.result.encode()),
            error=_shown(job.error, traceback=traceback),
            attempts=tuple(AttemptResource.of(one, traceback=traceback) for one in job.attempts),
            links=_links(job),
        )


_MADE = {"result", "error", "attempts", "links"}
_SHOWN_AS_THEY_ARE = tuple(name for name in JobResource.__struct_fields__ if name not in _MADE)


def _shown(error: JobError | None, *, traceback: bool) -> JobError | None:
    if error is None or traceback:
        return error
    return msgspec.structs.replace(error, traceback=None)


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
    """A page of jobs, newest first."""

    jobs: list[JobResource]
    next_page_token: Annotated[str, Meta(description="Empty on the last page.")]


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
            example=_brief(kind.example),
            retry=kind.retry,
            timeout_seconds=kind.timeout.total_seconds(),
            keep_days=kind.keep_for.total_seconds() / 86_400,
        )


def _brief(example: Any) -> Any:
    """The example as a caller would write it, without what is the default anyway."""
    if not isinstance(example, msgspec.Struct):
        return example
    said = {}
    for field in msgspec.structs.fields(example):
        factory = field.default_factory
        default = field.default if factory is msgspec.NODEFAULT else factory()
        if (value := getattr(example, field.name)) != default:
            said[field.encode_name] = value
    return said


class JobTypeList(msgspec.Struct, frozen=True, kw_only=True):
    job_types: list[JobTypeResource]


class JobBatch(msgspec.Struct, frozen=True, kw_only=True):
    """The jobs of a batch, in its order."""

    jobs: list[JobResource]
    replayed: Annotated[
        list[str], Meta(description="Ids of the jobs that were there already, under their keys.")
    ]


class BatchChanged(msgspec.Struct, frozen=True, kw_only=True):
    """What one call did."""

    changed: Annotated[list[str], Meta(description="Ids of the jobs that were changed.")]
    skipped: Annotated[
        list[str], Meta(description="Ids of the jobs that had gone on in the meantime.")
    ]
    next_page_token: Annotated[str, Meta(description="Empty when there are no more jobs.")]


class DeadLetterResource(msgspec.Struct, frozen=True, kw_only=True):
    """A message that could not be delivered to a worker."""

    id: str
    created_at: Moment
    reason: Reason
    detail: Annotated[str, Meta(description="What is wrong with it.")]
    data: Annotated[
        str, Meta(description="The original message in base64, at most its first 512 KiB.")
    ]
    attributes: Mapping[str, str]
    deliveries: Annotated[int, Meta(description="How often it was tried; 0 if not known.")]
    job_id: Annotated[str | None, Meta(description="The job that it was for, if it says so.")]

    @classmethod
    def of(cls, letter: DeadLetter) -> Self:
        return cls(**msgspec.structs.asdict(letter))


class DeadLetterList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of dead letters, newest first."""

    dead_letters: list[DeadLetterResource]
    next_page_token: Annotated[str, Meta(description="Empty on the last page.")]


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """What one call did."""

    redriven: Annotated[list[str], Meta(description="Ids of the letters that were sent again.")]
    refused: Annotated[
        list[str], Meta(description="Ids of those that can't be: no ticket, or its job is gone.")
    ]
    next_page_token: Annotated[str, Meta(description="Empty when there are no more letters.")]
