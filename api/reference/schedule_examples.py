"""Examples of requests about schedules, and of their answers."""

from datetime import timedelta
from typing import Any

from api.reference.schemas import Schema
from api.schedules.resources import ScheduleList, ScheduleResource
from jobs.job.model import Job
from jobs.job.spec import JobSpec
from jobs.schedules.model import Cron, Fired, Schedule
from jobs.schedules.timetable import next_time
from jobs.schedules.transitions import pause

_ID = "0b7d1f63c2a94e0d8f5b6a7c8d9e0f1a"


def schedule_bodies(submission: Schema) -> dict[str, tuple[str, Any]]:
    """By the names of the views: a summary, and the body."""
    cron = {"cron": "0 9 * * MON-FRI", "time_zone": "Europe/Berlin"}
    return {
        "create_schedule": ("At nine on working days.", {"template": submission, **cron}),
        "update_schedule": ("At ten from now on.", {"cron": "0 10 * * MON-FRI"}),
    }


def schedule_answers(job: Job) -> dict[str, Any]:
    """By the names of the views. The schedule is one that makes jobs like this one."""
    now = job.created_at
    timing = Cron(expression="0 9 * * MON-FRI", time_zone="Europe/Berlin")
    schedule = Schedule(
        id=_ID,
        owner=job.owner,
        template=JobSpec(type=job.type, payload=job.payload),
        timing=timing,
        created_at=now - timedelta(days=7),
        updated_at=now - timedelta(days=7),
        fire_at=next_time(timing, now),
        last_firing=Fired(at=now.replace(hour=8, minute=0, second=0, microsecond=0), job_id=job.id),
    )
    active = ScheduleResource.of(schedule, now)
    return {
        "create_schedule": active,
        "get_schedule": active,
        "list_schedules": ScheduleList(schedules=[active], next_page_token=""),
        "update_schedule": active,
        "pause_schedule": ScheduleResource.of(pause(schedule, now), now),
        "resume_schedule": active,
    }
