"""Schedules: jobs that are made again and again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from dormouse.calling import Call, Policy, call
from dormouse.model import JobState
from dormouse.operations.jobs import named, removed
from dormouse.operations.paging import pages
from dormouse.payloads import encoded
from dormouse.resource_model import Schedule
from dormouse.steps import Steps
from dormouse.submissions import KEY_HEADER, Submission, new_key, quoted

_PATH = "/v1/schedules"


class _Page(msgspec.Struct):
    schedules: list[Schedule]
    next_page_token: str


def create(  # noqa: PLR0913 - the API's fields
    policy: Policy,
    type: str,  # noqa: A002 - the API's word
    payload: Any = None,
    *,
    cron: str | None = None,
    time_zone: str | None = None,
    every_seconds: int | None = None,
    start_at: datetime | None = None,
    description: str | None = None,
    catch_up: str | None = None,
    overlap: str | None = None,
    labels: Mapping[str, str] | None = None,
    max_attempts: int | None = None,
    notify: str | None = None,
    idempotency_key: str | None = None,
) -> Steps[Schedule]:
    """A schedule by `cron` in a time zone, or `every_seconds`. Raises `RemoteError`."""
    template = Submission(
        type,
        {} if payload is None else payload,
        labels=labels,
        max_attempts=max_attempts,
        notify=notify,
    )
    said = {
        "template": template.fields(),
        "cron": cron,
        "time_zone": time_zone,
        "every_seconds": every_seconds,
        "start_at": start_at,
        "description": description,
        "catch_up": catch_up,
        "overlap": overlap,
    }
    body = encoded({name: value for name, value in said.items() if value is not None})
    headers = {KEY_HEADER: quoted(idempotency_key or new_key())}
    made = yield from call(policy, Call("POST", _PATH, headers=headers, body=body))
    return made.decoded(Schedule)


def get(policy: Policy, schedule_id: str) -> Steps[Schedule]:
    """With its next five times. Raises `NotFound`."""
    got = yield from call(policy, Call("GET", named(_PATH, schedule_id)))
    return got.decoded(Schedule)


def list_schedules(policy: Policy, *, type: str | None = None) -> Steps[None]:  # noqa: A002 - the API's word
    """Emits schedules, newest first."""
    yield from pages(policy, _PATH, _Page, lambda page: page.schedules, {"type": type})


def update(policy: Policy, /, schedule_id: str, **changes: Any) -> Steps[Schedule]:
    """Change what is named, by the API's names; None stands for the default."""
    path = named(_PATH, schedule_id)
    done = yield from call(policy, Call("PATCH", path, body=encoded(changes)))
    return done.decoded(Schedule)


def pause(policy: Policy, schedule_id: str) -> Steps[Schedule]:
    """It makes no more jobs until it is resumed."""
    return (yield from _act(policy, schedule_id, "pause"))


def resume(policy: Policy, schedule_id: str) -> Steps[Schedule]:
    """It goes on with its next time."""
    return (yield from _act(policy, schedule_id, "resume"))


def run(policy: Policy, schedule_id: str, idempotency_key: str | None = None) -> Steps[JobState]:
    """Makes a job of the template at once, also while the schedule is paused."""
    headers = {KEY_HEADER: quoted(idempotency_key or new_key())}
    path = f"{named(_PATH, schedule_id)}:run"
    done = yield from call(policy, Call("POST", path, headers=headers))
    return done.decoded(JobState)


def delete(policy: Policy, schedule_id: str) -> Steps[None]:
    """It makes no more jobs. Those that it has made stay as they are."""
    yield from removed(policy, named(_PATH, schedule_id))


def _act(policy: Policy, schedule_id: str, verb: str) -> Steps[Schedule]:
    done = yield from call(policy, Call("POST", f"{named(_PATH, schedule_id)}:{verb}"))
    return done.decoded(Schedule)
