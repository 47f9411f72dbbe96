"""What callers see: the JSON of schedules and of their lists."""

from datetime import datetime
from typing import Annotated, Final, Literal, Self

import msgspec
from msgspec import Meta

from api.jobs.resources import JobSpecResource, Moment
from jobs.schedules.jobs import SCHEDULE
from jobs.schedules.model import (
    CatchUp,
    Cron,
    Every,
    Fired,
    Overlap,
    Schedule,
    Skip,
)
from jobs.schedules.timetable import next_times

NEXT: Final = 5


class ScheduleLinks(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What can be done with the schedule as it is now: paths on this service."""

    self: str
    jobs: Annotated[str, Meta(description="The jobs that it has made.")]
    run: str
    pause: str | None = None
    resume: str | None = None


class ScheduleResource(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule. What does not apply is null."""

    id: Annotated[str, Meta(description="32 hexadecimal digits.")]
    owner: Annotated[str, Meta(description="Who made it. Its jobs are theirs.")]
    description: str
    state: Literal["active", "paused"]
    template: JobSpecResource
    cron: str | None
    time_zone: str | None
    every_seconds: int | None
    start_at: Annotated[Moment | None, Meta(description="What `every_seconds` counts from.")]
    catch_up: CatchUp
    overlap: Overlap
    next_times: Annotated[list[Moment], Meta(description="The next five; none while it is paused.")]
    last_firing: Annotated[
        Fired | None, Meta(description="The latest time that made a job, and that job.")
    ]
    last_skip: Annotated[
        Skip | None,
        Meta(
            description="The latest time that made no job. `code` is `missed` in an outage,"
            " `overlap`, or that of the error with which the job was refused."
        ),
    ]
    created_at: Moment
    updated_at: Annotated[Moment, Meta(description="When somebody changed it last.")]
    paused_at: Moment | None
    links: ScheduleLinks

    @classmethod
    def of(cls, schedule: Schedule, now: datetime) -> Self:
        timing = schedule.timing
        cron = timing if isinstance(timing, Cron) else None
        every = timing if isinstance(timing, Every) else None
        return cls(
            **{name: getattr(schedule, name) for name in _SHOWN_AS_THEY_ARE},
            state="paused" if schedule.paused_at else "active",
            template=JobSpecResource.of(schedule.template),
            cron=cron.expression if cron else None,
            time_zone=cron.time_zone if cron else None,
            every_seconds=every.seconds if every else None,
            start_at=every.start if every else None,
            next_times=[] if schedule.paused_at else next_times(timing, now, NEXT),
            links=_links(schedule),
        )


_SHOWN_AS_THEY_ARE: Final = (
    "id",
    "owner",
    "description",
    "catch_up",
    "overlap",
    "last_firing",
    "last_skip",
    "created_at",
    "updated_at",
    "paused_at",
)


def path_of(schedule: Schedule) -> str:
    return f"/v1/schedules/{schedule.id}"


def _links(schedule: Schedule) -> ScheduleLinks:
    path = path_of(schedule)
    return ScheduleLinks(
        self=path,
        jobs=f"/v1/jobs?label.{SCHEDULE}={schedule.id}",
        run=f"{path}:run",
        pause=None if schedule.paused_at else f"{path}:pause",
        resume=f"{path}:resume" if schedule.paused_at else None,
    )


class ScheduleList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of schedules, newest first."""

    schedules: list[ScheduleResource]
    next_page_token: Annotated[str, Meta(description="Empty on the last page.")]
