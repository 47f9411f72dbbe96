"""What callers send: the shapes that decode the paths, bodies and queries of requests."""

from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from jobs.dead_letters import Reason
from jobs.model import Status
from jobs.retry import LONGEST_SECONDS, MAX_ATTEMPTS, MAX_FACTOR

MAX_PAGE_SIZE: Final = 200
MAX_BATCH_SIZE: Final = 500
MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""Firestore takes ten in a commit."""
MAX_WAIT_SECONDS: Final = 30
MAX_DELAY_SECONDS: Final = 366 * 86_400
MAX_NAME_LENGTH: Final = 200

JOB_ID_PATTERN: Final = "^[0-9a-f]{32}$"
JobId = Annotated[
    str,
    Meta(
        pattern=JOB_ID_PATTERN,
        description="The job's `id`.",
        examples=["5f0c6a1e9d3b4c7f8a2e1d0b9c8f7a6e"],
    ),
]
LetterId = Annotated[
    str, Meta(description="The dead letter's `id`.", examples=["12345678901234567"])
]
JobTypeName = Annotated[str, Meta(description="The job type's `name`.", examples=["table.profile"])]

# Python's `$` also matches before a last line feed, that of JSON Schema does not.
_END: Final = r"$(?!\n)"
LabelName = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9_-]{{0,62}}{_END}")]
LabelValue = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_.:/@+-]{{0,63}}{_END}")]
Labels = Annotated[dict[LabelName, LabelValue], Meta(max_length=16)]

IdempotencyKey = Annotated[
    str,
    Meta(
        pattern=r'^("[!#-\[\]-~]{1,255}"|[!#-\[\]-~]{1,255})$',
        description="Makes the request safe to repeat: a key that you choose once for each job"
        " that you want, of 1 to 255 visible ASCII characters but quotes and backslashes.",
        examples=["order-4711"],
    ),
]
Traceparent = Annotated[
    str,
    Meta(
        description="W3C Trace Context. The job carries the trace on to the worker, to its logs"
        " and to the calls that it makes.",
    ),
]


class Retry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long to wait between attempts. What is not given is as in the job type."""

    first_seconds: Annotated[
        Annotated[float, Meta(gt=0, le=LONGEST_SECONDS)] | UnsetType,
        Meta(description="The first wait is at most this long."),
    ] = UNSET
    factor: Annotated[
        Annotated[float, Meta(ge=1, le=MAX_FACTOR)] | UnsetType,
        Meta(description="Each further wait may be so many times longer."),
    ] = UNSET
    longest_seconds: Annotated[
        Annotated[float, Meta(gt=0, le=LONGEST_SECONDS)] | UnsetType,
        Meta(description="No wait is longer."),
    ] = UNSET


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job to do. Give `run_at` or `delay_seconds`, or neither, to start it at once."""

    type: Annotated[
        str,
        Meta(
            max_length=MAX_NAME_LENGTH,
            description="The name of a job type.",
            examples=["http.request"],
        ),
    ]
    payload: Annotated[
        msgspec.Raw, Meta(description="As the job type's schema says; at most 256 KiB of JSON.")
    ]
    labels: Annotated[
        Labels,
        Meta(
            description="To find the job by. A name has up to 63 of `a-z 0-9 _ -` and starts with"
            " a letter; a value has up to 63 of `A-Z a-z 0-9 _ . : / @ + -`.",
            examples=[{"team": "billing"}],
        ),
    ] = {}
    run_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="Start no earlier. At most 366 days ahead; a time that is past is now."),
    ] = None
    delay_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=MAX_DELAY_SECONDS)] | None,
        Meta(description="Start no earlier than so long from now."),
    ] = None
    max_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_ATTEMPTS)] | None,
        Meta(description="Instead of the job type's own number."),
    ] = None
    retry: Annotated[Retry | None, Meta(description="Instead of the job type's own waits.")] = None

    def __post_init__(self) -> None:
        if self.run_at is not None and self.delay_seconds is not None:
            raise ValueError("Give `run_at` or `delay_seconds`, not both")


class BatchItem(Submission, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job of a batch."""

    idempotency_key: Annotated[
        Annotated[str, Meta(pattern=rf"^[!#-\[\]-~]{{1,255}}{_END}")] | None,
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
    page_token: Annotated[
        str,
        Meta(max_length=1000, description="The `next_page_token` of the call before."),
    ] = ""


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


class LettersQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[Reason | UnsetType, Meta(description="Only letters for this reason.")] = UNSET
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many letters a page has at most.")
    ] = 50
    page_token: Annotated[
        str,
        Meta(max_length=1000, description="The `next_page_token` of the page before."),
    ] = ""


class Redrive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which dead letters to send again."""

    reason: Annotated[Reason | None, Meta(description="Only letters for this reason.")] = None
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many letters one call takes at most.")
    ] = 100
    page_token: Annotated[
        str,
        Meta(max_length=1000, description="The `next_page_token` of the call before."),
    ] = ""


class GetQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    wait: Annotated[
        float,
        Meta(
            ge=0,
            le=MAX_WAIT_SECONDS,
            description="Hold the answer until the job is terminal, for so many seconds at most.",
            examples=[20],
        ),
    ] = 0


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: Annotated[Status | UnsetType, Meta(description="Only jobs in this status.")] = UNSET
    type: Annotated[
        Annotated[str, Meta(max_length=MAX_NAME_LENGTH)] | UnsetType,
        Meta(description="Only jobs of this type."),
    ] = UNSET
    label: Annotated[
        dict[LabelName, LabelValue],
        Meta(
            max_length=1,
            description="Only jobs with this label, given as `label.NAME=VALUE`. One at a time.",
            examples=[{"team": "billing"}],
        ),
    ] = {}
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many jobs a page has at most.")
    ] = 50
    page_token: Annotated[
        str,
        Meta(
            max_length=1000,
            description="The `next_page_token` of the page before, with the same filters.",
        ),
    ] = ""
