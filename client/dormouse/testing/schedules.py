"""/v1/schedules of the fake: kept and shown, never fired by the clock."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx

from dormouse.testing.http import Answer, Problem, fields_of
from dormouse.testing.paging import page_of

if TYPE_CHECKING:
    from dormouse.testing.fake import FakeDormouse, View

_TIMING: Final = {
    "cron": None,
    "time_zone": None,
    "every_seconds": None,
    "start_at": None,
    "description": "",
    "catch_up": "none",
    "overlap": "allow",
}
_FIELDS: Final = frozenset({"template", *_TIMING})
_UNSAID: Final[dict[str, Any]] = {"labels": {}, "max_attempts": None, "retry": None, "notify": None}


class Schedules:
    """All schedules by their ids."""

    def __init__(self, fake: "FakeDormouse") -> None:
        self._fake = fake
        self._all: dict[str, dict[str, Any]] = {}

    def routes(self) -> Iterator[tuple[str, str, "View"]]:
        """The routes and their views."""
        one = "/v1/schedules/([0-9a-f]{32})"
        yield "POST", "/v1/schedules", self._create
        yield "GET", "/v1/schedules", self._list
        yield "GET", one, lambda _, id_: Answer(self._find(id_))
        yield "PATCH", one, self._update
        yield "DELETE", one, self._delete
        yield "POST", f"{one}:pause", lambda _, id_: self._set(id_, "paused")
        yield "POST", f"{one}:resume", lambda _, id_: self._set(id_, "active")
        yield "POST", f"{one}:run", self._run

    def _create(self, request: httpx.Request) -> Answer:
        said = fields_of(request, _FIELDS)
        self._fake.handler(said["template"]["type"])
        if (said.get("cron") is None) == (said.get("every_seconds") is None):
            raise Problem(400, "invalid_request", "Give `cron` or `every_seconds`.")
        now = self._fake.now.isoformat()
        schedule = {
            "id": self._fake.new_id(),
            "owner": self._fake.owner,
            "state": "active",
            "next_times": [],
            "created_at": now,
            "updated_at": now,
            "paused_at": None,
            **_TIMING,
            **said,
            "template": {**_UNSAID, **said["template"]},
        }
        if schedule["cron"] is not None and schedule["time_zone"] is None:
            schedule["time_zone"] = "UTC"
        self._all[schedule["id"]] = schedule
        return Answer(self._shown(schedule), 201, {"Location": f"/v1/schedules/{schedule['id']}"})

    def _list(self, request: httpx.Request) -> Answer:
        query = dict(request.url.params)
        found = [
            one
            for one in reversed(self._all.values())
            if query.get("type") in {None, one["template"]["type"]}
        ]
        return page_of("schedules", found, self._shown, query)

    def _update(self, request: httpx.Request, schedule_id: str) -> Answer:
        schedule = self._find(schedule_id)
        said = fields_of(request, _FIELDS)
        for name, value in said.items():
            schedule[name] = _TIMING.get(name) if value is None else value
        return Answer(self._shown(schedule))

    def _delete(self, _: httpx.Request, schedule_id: str) -> Answer:
        del self._all[self._find(schedule_id)["id"]]
        return Answer(status=204)

    def _set(self, schedule_id: str, state: str) -> Answer:
        schedule = self._find(schedule_id)
        paused_at = self._fake.now.isoformat() if state == "paused" else None
        schedule |= {"state": state, "paused_at": paused_at}
        return Answer(self._shown(schedule))

    def _run(self, _: httpx.Request, schedule_id: str) -> Answer:
        template = self._find(schedule_id)["template"]
        labels = {**template["labels"], "schedule": schedule_id}
        job = self._fake.submit({**template, "labels": labels})
        return Answer(job.shown(), 202, {"Location": f"/v1/jobs/{job.id}"})

    def _shown(self, schedule: dict[str, Any]) -> dict[str, Any]:
        """With its next times: right for `every_seconds`, an hour apart for `cron`."""
        seconds = schedule["every_seconds"] or 3600
        times = [self._fake.now + timedelta(seconds=seconds * n) for n in range(1, 6)]
        paused = schedule["state"] == "paused"
        return schedule | {"next_times": [] if paused else [one.isoformat() for one in times]}

    def _find(self, schedule_id: str) -> dict[str, Any]:
        if schedule_id not in self._all:
            raise Problem(404, "schedule_not_found", "There is no such schedule.")
        return self._all[schedule_id]
