"""The JSON of requests about many jobs, and of their answers."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from api.http.values import MAX_NAME_LENGTH, MAX_PAGE_SIZE, PageToken
from api.jobs.requests import Submission
from api.jobs.resources import JobResource
from jobs.job.labels import END, LabelName, LabelValue

MAX_BATCH_SIZE: Final = 500
MAX_BATCH_BYTES: Final = 3 * 1024 * 1024
"""With what documents have besides, a commit stays below 4 MiB, gRPC's usual limit."""


class BatchItem(Submission, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job of a batch."""

    idempotency_key: Annotated[
        Annotated[str, Meta(pattern=rf"^[!#-\[\]-~]{{1,255}}{END}")] | None,
        Meta(description="As the header `Idempotency-Key` of a single submission, without quotes."),
    ] = None


class BatchSubmission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Many jobs to do: all of them are made, or none."""

    jobs: Annotated[list[BatchItem], Meta(min_length=1, max_length=MAX_BATCH_SIZE)]


class _BatchChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Annotated[
        Annotated[str, Meta(max_length=MAX_NAME_LENGTH)] | None,
        Meta(description="Only jobs of this type."),
    ] = None
    label: Annotated[
        dict[LabelName, LabelValue],
        Meta(
            max_length=1, description="Only jobs with this label.", examples=[{"team": "billing"}]
        ),
    ] = {}
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many jobs one call looks at at most.")
    ] = 100
    page_token: PageToken = ""


class BatchCancel(_BatchChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs are not wanted any more."""

    status: Annotated[Literal["queued", "running"], Meta(description="Jobs in this status.")] = (
        "queued"
    )


class BatchRetry(_BatchChange, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which jobs are wanted again."""

    status: Annotated[Literal["failed", "cancelled"], Meta(description="Jobs in this status.")] = (
        "failed"
    )


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
