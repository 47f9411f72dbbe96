"""What callers send: the shapes that decode the bodies and queries of requests."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from jobs.model import Status
from jobs.retry import MAX_ATTEMPTS

LabelName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
LabelValue = Annotated[str, Meta(pattern=r"^[\w.:/@+-]{0,63}$")]
Labels = Annotated[dict[LabelName, LabelValue], Meta(max_length=16)]

MAX_PAGE_SIZE = 200
MAX_WAIT_SECONDS = 30


class Submission(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A job to do."""

    type: Annotated[str, Meta(description="One of GET /v1/job-types.", examples=["http.request"])]
    payload: Annotated[
        msgspec.Raw, Meta(description="As the job type's schema says; at most 256 KiB of JSON.")
    ]
    labels: Annotated[Labels, Meta(description="To find the job by. At most 16.")] = {}
    run_at: Annotated[
        datetime | None, Meta(tz=True, description="Start no earlier. At most 366 days ahead.")
    ] = None
    delay_seconds: Annotated[
        float | None, Meta(ge=0, le=366 * 86_400, description="Instead of `run_at`: from now.")
    ] = None
    max_attempts: Annotated[
        int | None,
        Meta(ge=1, le=MAX_ATTEMPTS, description="Instead of the job type's own number."),
    ] = None

    def __post_init__(self) -> None:
        if self.run_at is not None and self.delay_seconds is not None:
            raise ValueError("give `run_at` or `delay_seconds`, not both")


class GetQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    wait: Annotated[
        float,
        Meta(
            ge=0,
            le=MAX_WAIT_SECONDS,
            description="Hold the answer until the job is terminal, or so many seconds at most.",
        ),
    ] = 0


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: Status | None = None
    type: Annotated[str | None, Meta(max_length=200)] = None
    label: Annotated[
        dict[LabelName, LabelValue],
        Meta(max_length=1, description="`label.NAME=VALUE`; one label at a time."),
    ] = {}
    page_size: Annotated[int, Meta(ge=1, le=MAX_PAGE_SIZE)] = 50
    page_token: Annotated[
        str, Meta(max_length=1000, description="`next_page_token` of the page before.")
    ] = ""
