"""What callers see: the JSON of jobs, lists and job types."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.values import Url
from jobs.job.model import Attempt, AttemptOutcome, Job, JobError, LogLine, Progress, Status
from jobs.job.retry import RetryPolicy
from jobs.job.spec import JobSpec
from jobs.job.transitions import ALLOWED, Transition
from jobs.payloads.redaction import without_credentials

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
    outcome: AttemptOutcome
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


class NotifyTarget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told when the job has ended."""

    url: Url


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
    payload: Annotated[
        msgspec.Raw | UnsetType,
        Meta(
            description="As it was submitted. Credentials in its `headers` are not shown. Not in"
            " summaries."
        ),
    ] = UNSET
    labels: Mapping[str, str]
    attempt: Annotated[int, Meta(description="The current attempt, or the number made so far.")]
    max_attempts: int
    progress: Annotated[Progress | None, Meta(description="What the running attempt last said.")]
    result: Annotated[
        msgspec.Raw | UnsetType | None,
        Meta(
            description="As the job type's result schema says, once the status is `succeeded`;"
            " null before, and where that is the result. Not in summaries."
        ),
    ] = UNSET
    error: Annotated[
        JobError | None,
        Meta(description="Why the latest attempt failed. Its traceback is for operators only."),
    ]
    attempts: Annotated[
        tuple[AttemptResource, ...], Meta(description="The last ten that have ended.")
    ]
    log: Annotated[
        tuple[LogLine, ...] | UnsetType,
        Meta(description="The last lines that its handler logged, 50 at most. Not in lists."),
    ] = UNSET
    created_at: Moment
    run_at: Annotated[Moment, Meta(description="The next attempt starts no earlier.")]
    started_at: Annotated[Moment | None, Meta(description="When the latest attempt started.")]
    finished_at: Annotated[Moment | None, Meta(description="When it became terminal.")]
    notify: Annotated[NotifyTarget | None, Meta(description="Who is told of its end.")]
    links: JobLinks

    @classmethod
    def of(cls, job: Job, *, traceback: bool) -> Self:
        """The job as it is shown, with the tracebacks of its handler or without."""
        return cls(
            **{name: getattr(job, name) for name in _SHOWN_AS_THEY_ARE},
            payload=without_credentials(job.payload),
            result=None if job.result is None else msgspec.Raw(job.result.encode()),
            error=_shown(job.error, traceback=traceback),
            attempts=tuple(AttemptResource.of(one, traceback=traceback) for one in job.attempts),
            log=job.log,
            notify=None if job.notify is None else NotifyTarget(url=job.notify),
            links=_links(job),
        )

    def without_log(self) -> Self:
        """As it stands in a list of whole jobs."""
        return msgspec.structs.replace(self, log=UNSET)

    def summary(self) -> Self:
        """As it stands in a list of summaries."""
        return msgspec.structs.replace(self, payload=UNSET, result=UNSET, log=UNSET)


_MADE = {"notify", "payload", "result", "error", "attempts", "log", "links"}
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
        cancel=f"{path}:cancel" if job.status in ALLOWED[Transition.CANCEL] else None,
        retry=f"{path}:retry" if job.status in ALLOWED[Transition.RETRY] else None,
        delete=path if job.is_terminal else None,
    )


class JobSpecResource(msgspec.Struct, frozen=True, kw_only=True):
    """The job that is made at each time. Null stands for the job type's own."""

    type: str
    payload: Annotated[
        msgspec.Raw,
        Meta(description="As it was given. Credentials in its `headers` are not shown."),
    ]
    labels: Mapping[str, str]
    max_attempts: int | None
    retry: RetryPolicy | None
    notify: NotifyTarget | None

    @classmethod
    def of(cls, spec: JobSpec) -> Self:
        return cls(
            type=spec.type,
            payload=without_credentials(spec.payload),
            labels=spec.labels,
            max_attempts=spec.max_attempts,
            retry=spec.retry,
            notify=NotifyTarget(url=spec.notify) if spec.notify else None,
        )


class JobList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of jobs, newest first."""

    jobs: list[JobResource]
    next_page_token: Annotated[str, Meta(description="Empty on the last page.")]
