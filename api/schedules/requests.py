"""The JSON of requests about schedules."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.values import MAX_NAME_LENGTH, MAX_PAGE_SIZE, PageToken
from api.jobs.requests import JobTemplate
from jobs.schedules.model import CatchUp, Overlap
from jobs.schedules.timetable import (
    MAX_EVERY_SECONDS,
    MAX_EXPRESSION_LENGTH,
    MIN_EVERY_SECONDS,
)

Description = Annotated[
    Annotated[str, Meta(max_length=500)] | None, Meta(description="For people.")
]
CronExpression = Annotated[
    Annotated[str, Meta(max_length=MAX_EXPRESSION_LENGTH)] | None,
    Meta(
        description="Five fields: minute, hour, day of the month, month, day of the week; or"
        " `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`.",
        examples=["0 9 * * MON-FRI"],
    ),
]
TimeZone = Annotated[
    Annotated[str, Meta(max_length=64)] | None,
    Meta(
        description="The IANA time zone whose clocks `cron` goes by; `UTC` if none is given.",
        examples=["Europe/Berlin"],
    ),
]
EverySeconds = Annotated[
    Annotated[int, Meta(ge=MIN_EVERY_SECONDS, le=MAX_EVERY_SECONDS)] | None,
    Meta(description="In place of `cron`: fires each so many seconds, counted from `start_at`."),
]
StartAt = Annotated[
    Annotated[datetime, Meta(tz=True)] | None,
    Meta(
        description="What `every_seconds` counts from, and its first time unless that is past."
        " Else it counts from when it is asked for."
    ),
]
CatchUpChoice = Annotated[
    CatchUp | None,
    Meta(
        description="After an outage: `none` of the missed times makes a job (the default), the"
        " `last` one, or `all` of them, the newest 100 at most."
    ),
]
OverlapChoice = Annotated[
    Overlap | None,
    Meta(
        description="While the job of the time before has not ended: `allow` another (the"
        " default), or `skip` the time."
    ),
]


class ScheduleCreation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work to do again and again. Give `cron` or `every_seconds`."""

    template: Annotated[JobTemplate, Meta(description="The job to make at each time.")]
    description: Description = None
    cron: CronExpression = None
    time_zone: TimeZone = None
    every_seconds: EverySeconds = None
    start_at: StartAt = None
    catch_up: CatchUpChoice = None
    overlap: OverlapChoice = None


class ScheduleChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be otherwise. What is not named stays; null stands for the default."""

    template: Annotated[
        JobTemplate | UnsetType, Meta(description="Takes the place of the whole template.")
    ] = UNSET
    description: Description | UnsetType = UNSET
    cron: CronExpression | UnsetType = UNSET
    time_zone: TimeZone | UnsetType = UNSET
    every_seconds: EverySeconds | UnsetType = UNSET
    start_at: StartAt | UnsetType = UNSET
    catch_up: CatchUpChoice | UnsetType = UNSET
    overlap: OverlapChoice | UnsetType = UNSET


class SchedulesQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: Annotated[
        Annotated[str, Meta(max_length=MAX_NAME_LENGTH)] | UnsetType,
        Meta(description="Only schedules whose jobs are of this type."),
    ] = UNSET
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many schedules a page has at most.")
    ] = 50
    page_token: PageToken = ""
