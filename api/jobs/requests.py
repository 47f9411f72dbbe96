"""What callers send about single jobs: the shapes that decode bodies and queries."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.values import MAX_NAME_LENGTH, MAX_PAGE_SIZE, PageToken
from api.jobs.resources import NotifyTarget
from jobs.job.labels import LabelName, Labels, LabelValue
from jobs.job.model import Status
from jobs.job.retry import LONGEST_SECONDS, MAX_ATTEMPTS, MAX_FACTOR

MAX_WAIT_SECONDS: Final = 30
MAX_DELAY_SECONDS: Final = 366 * 86_400


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


class JobTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a job is to be, whenever it is to start."""

    type: Annotated[
        str,
        Meta(
            max_length=MAX_NAME_LENGTH,
            description="The name of a job type.",
            examples=["http.request"],
        ),
    ]
    payload: Annotated[
        msgspec.Raw,
        Meta(
            description="As the job type's schema says; at most 256 KiB of JSON. In place of a"
            ' string it may hold `{"$secret": "NAME"}`, a secret that the worker knows.'
        ),
    ]
    labels: Annotated[
        Labels,
        Meta(
            description="To find the job by. A name has up to 63 of `a-z 0-9 _ -` and starts with"
            " a letter; a value has up to 63 of `A-Z a-z 0-9 _ . : / @ + -`.",
            examples=[{"team": "billing"}],
        ),
    ] = {}
    max_attempts: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_ATTEMPTS)] | None,
        Meta(description="Instead of the job type's own number."),
    ] = None
    retry: Annotated[Retry | None, Meta(description="Instead of the job type's own waits.")] = None
    notify: Annotated[
        NotifyTarget | None,
        Meta(
            description="A URL that is told once the job has ended, as a webhook is: signed with"
            " the secret that `POST /v1/me:rotateNotifySecret` gives you."
        ),
    ] = None


class Submission(JobTemplate, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job to do. Give `run_at` or `delay_seconds`, or neither, to start it at once."""

    run_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="Start no earlier. At most 366 days ahead; a time that is past is now."),
    ] = None
    delay_seconds: Annotated[
        Annotated[float, Meta(ge=0, le=MAX_DELAY_SECONDS)] | None,
        Meta(description="Start no earlier than so long from now."),
    ] = None

    def __post_init__(self) -> None:
        if self.run_at is not None and self.delay_seconds is not None:
            raise ValueError("Give `run_at` or `delay_seconds`, not both")


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


class View(StrEnum):
    """How much of each job a list shows (https://google.aip.dev/157)."""

    SUMMARY = "summary"
    FULL = "full"


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
    view: Annotated[
        View, Meta(description="`summary` leaves out payloads and results, `full` has them.")
    ] = View.SUMMARY
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many jobs a page has at most.")
    ] = 50
    page_token: PageToken = ""
