"""/v1/schedules."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from werkzeug.test import TestResponse

from identity.tokens import Verifier
from jobs.job.spec import JobSpec
from jobs.schedules.model import MAX_PER_OWNER, Fired, Skip
from jobs.settings.roles import Binding, Role
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, Caller, Harness
from tests.factories import MINUTE, T0, a_schedule, some_settings

TEMPLATE: dict[str, Any] = {"type": "text.echo", "payload": {"text": "hello"}}
NIGHTLY = {"template": TEMPLATE, "cron": "30 2 * * *", "time_zone": "Europe/Berlin"}
"""The clock of these tests stands at 06:07:07 in Berlin, on 4 March."""


def create(caller: Caller, key: str | None = None, **fields: Any) -> TestResponse:
    headers = {"Idempotency-Key": key} if key else {}
    return caller.post("/v1/schedules", json=NIGHTLY | fields, headers=headers)


def created(caller: Caller, **fields: Any) -> Any:
    response = create(caller, **fields)
    assert response.status_code == 201, response.get_data(as_text=True)
    return response.get_json()


def patch(caller: Caller, schedule: Any, **fields: Any) -> TestResponse:
    return caller.request("PATCH", f"/v1/schedules/{schedule['id']}", json=fields)


def test_a_schedule_is_shown_with_its_next_times(ada: Caller) -> None:
    """What was given comes back with the defaults, five times and what can be done."""
    response = create(ada)
    schedule = response.get_json()
    path = f"/v1/schedules/{schedule['id']}"
    assert response.headers["Location"] == path
    assert schedule == {
        "id": schedule["id"],
        "owner": f"user:{ADA}",
        "description": "",
        "state": "active",
        "template": {**TEMPLATE, "labels": {}, "max_attempts": None, "retry": None, "notify": None},
        "cron": "30 2 * * *",
        "time_zone": "Europe/Berlin",
        "every_seconds": None,
        "start_at": None,
        "catch_up": "none",
        "overlap": "allow",
        "next_times": [f"2026-03-{day:02}T01:30:00Z" for day in range(5, 10)],
        "last_firing": None,
        "last_skip": None,
        "created_at": "2026-03-04T05:06:07.890123Z",
        "updated_at": "2026-03-04T05:06:07.890123Z",
        "paused_at": None,
        "links": {
            "self": path,
            "jobs": f"/v1/jobs?label.schedule={schedule['id']}",
            "run": f"{path}:run",
            "pause": f"{path}:pause",
        },
    }
    assert ada.get(path).get_json() == schedule
    assert ada.get("/v1/schedules").get_json() == {"schedules": [schedule], "next_page_token": ""}


def test_an_interval_counts_from_now_or_from_its_start(ada: Caller) -> None:
    """The first time is an interval from now, or the start that is given."""
    every = {"template": TEMPLATE, "every_seconds": 90}
    schedule = ada.post("/v1/schedules", json=every).get_json()
    assert schedule["start_at"] == "2026-03-04T05:06:07.890123Z"
    assert schedule["next_times"][0] == "2026-03-04T05:07:37.890123Z"
    assert (schedule["cron"], schedule["time_zone"]) == (None, None)
    started = ada.post("/v1/schedules", json={**every, "start_at": "2026-03-05T00:00:00+01:00"})
    assert started.get_json()["next_times"][:2] == ["2026-03-04T23:00:00Z", "2026-03-04T23:01:30Z"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"cron": "0 0 30 2 *"}, "no day on which '0 0 30 2 *' fires"),
        ({"cron": "every day"}, "five fields"),
        ({"time_zone": "Berlin"}, "no IANA time zone 'Berlin'"),
        ({"every_seconds": 60}, "`cron` or `every_seconds`, and not both"),
        ({"cron": None}, "`cron` or `every_seconds`"),
        ({"start_at": "2026-03-05T00:00:00Z"}, "`$.start_at` goes with `every_seconds`"),
        ({"cron": None, "every_seconds": 90}, "`$.time_zone` goes with `cron`"),
        ({"cron": None, "time_zone": None, "every_seconds": 59}, "every_seconds"),
        ({"catch_up": "some"}, "catch_up"),
        ({"owner": "user:bob@example.com"}, "owner"),
        ({"template": {**TEMPLATE, "payload": {"txt": "a"}}}, "$.payload"),
        ({"template": {**TEMPLATE, "run_at": "2026-03-05T00:00:00Z"}}, "run_at"),
        ({"template": {**TEMPLATE, "labels": {"schedule": "mine"}}}, "`schedule` is set by"),
        ({"template": {**TEMPLATE, "retry": {"first_seconds": 100}}}, "longest_seconds"),
        ({"template": {"type": "text.echo", "payload": {"text": {"$secret": "x"}}}}, "no secret"),
    ],
)
def test_what_can_not_be_is_refused(ada: Caller, fields: dict[str, Any], words: str) -> None:
    """A timing that makes no sense, or a job that none could submit, is a 400 that says why."""
    assert words in expect.problem(create(ada, **fields), 400, "invalid_request").detail
    assert ada.get("/v1/schedules").get_json()["schedules"] == []


def test_a_job_type_that_there_is_not(ada: Caller) -> None:
    """It is refused as at a submission."""
    expect.problem(create(ada, template={"type": "a.b", "payload": 1}), 400, "unknown_job_type")


def test_a_repetition_gets_the_first_schedule_back(
    harness: Harness, ada: Caller, bob: Caller
) -> None:
    """One key is one schedule, as it is now; another request under it is refused."""
    first = create(ada, key="nightly")
    changed = patch(ada, first.get_json(), description="mine").get_json()
    again = create(ada, key="nightly")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert "Idempotency-Replayed" not in first.headers
    assert again.get_json() == changed
    expect.problem(create(ada, key="nightly", cron="@daily"), 422, "idempotency_key_reused")
    assert create(bob, key="nightly").get_json()["id"] != changed["id"]
    every = {"template": TEMPLATE, "every_seconds": 60}
    headers = {"Idempotency-Key": "minutely"}
    interval = ada.post("/v1/schedules", json=every, headers=headers)
    harness.clock.move(MINUTE)
    again = ada.post("/v1/schedules", json=every, headers=headers)
    assert again.get_json()["id"] == interval.get_json()["id"]


def test_a_caller_has_so_many_schedules(harness: Harness, ada: Caller, bob: Caller) -> None:
    """The hundred and first is refused, but for a replay; other callers have their own number."""
    first = create(ada, key="first")
    for number in range(MAX_PER_OWNER - 1):
        harness.stores.schedules.create(a_schedule(id=f"{number}", owner=f"user:{ADA}"))
    assert "100" in expect.problem(create(ada), 409, "too_many_schedules").detail
    assert create(ada, key="first").get_json() == first.get_json()
    created(bob)
    ada.delete(f"/v1/schedules/{first.get_json()['id']}")
    created(ada)


def test_pages(harness: Harness, ada: Caller) -> None:
    """All pages together are the whole list, newest first; a token is for its list only."""
    ids: list[str] = []
    for _ in range(5):
        ids.insert(0, created(ada)["id"])
        harness.clock.move(MINUTE)
    page = ada.get("/v1/schedules?page_size=3").get_json()
    token = page["next_page_token"]
    rest = ada.get(f"/v1/schedules?page_size=3&page_token={token}").get_json()
    assert [one["id"] for one in page["schedules"] + rest["schedules"]] == ids
    assert rest["next_page_token"] == ""
    other = ada.get(f"/v1/schedules?type=number.count&page_token={token}")
    expect.problem(other, 400, "invalid_page_token")
    expect.problem(ada.get(f"/v1/jobs?page_token={token}"), 400, "invalid_page_token")
    assert ada.get("/v1/schedules?type=number.count").get_json()["schedules"] == []


# Changes


def test_a_change_leaves_what_it_does_not_name(harness: Harness, ada: Caller) -> None:
    """Only what is named changes, each as a whole; null is the default."""
    template = {**TEMPLATE, "labels": {"team": "a"}, "max_attempts": 9}
    before = created(ada, template=template, catch_up="all", overlap="skip", description="x")
    harness.clock.move(MINUTE)
    after = patch(ada, before, template=TEMPLATE, catch_up=None).get_json()
    assert after == before | {
        "template": {**TEMPLATE, "labels": {}, "max_attempts": None, "retry": None, "notify": None},
        "catch_up": "none",
        "updated_at": "2026-03-04T05:07:07.890123Z",
    }
    nothing = patch(ada, before, description=None, overlap=None).get_json()
    assert (nothing["description"], nothing["overlap"]) == ("", "allow")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cron": "@hourly"}, {"cron": "@hourly", "time_zone": "Europe/Berlin"}),
        ({"time_zone": "Asia/Tokyo"}, {"cron": "30 2 * * *", "time_zone": "Asia/Tokyo"}),
        ({"time_zone": None}, {"cron": "30 2 * * *", "time_zone": "UTC"}),
        ({"every_seconds": 60}, {"cron": None, "time_zone": None, "every_seconds": 60}),
        ({"every_seconds": 60, "cron": None}, {"cron": None, "every_seconds": 60}),
    ],
)
def test_another_timing(ada: Caller, fields: dict[str, Any], expected: dict[str, Any]) -> None:
    """One kind of timing takes the place of the other; the next times are those of the new one."""
    before = created(ada)
    after = patch(ada, before, **fields).get_json()
    assert {name: after[name] for name in expected} == expected
    assert after["next_times"] != before["next_times"]


def test_back_from_an_interval(ada: Caller) -> None:
    """An interval keeps its start when only its length changes, and loses it to a cron."""
    every = ada.post("/v1/schedules", json={"template": TEMPLATE, "every_seconds": 60}).get_json()
    longer = patch(ada, every, every_seconds=120).get_json()
    assert (longer["every_seconds"], longer["start_at"]) == (120, every["start_at"])
    cron = patch(ada, every, cron="@daily").get_json()
    assert (cron["cron"], cron["time_zone"], cron["every_seconds"]) == ("@daily", "UTC", None)
    assert cron["start_at"] is None


@pytest.mark.parametrize(
    "fields",
    [
        {"cron": "0 0 30 2 *"},
        {"cron": None},
        {"cron": "@daily", "every_seconds": 60},
        {"start_at": "2026-03-05T00:00:00Z"},
        {"every_seconds": 60, "time_zone": "UTC"},
        {"template": None},
        {"template": {"type": "text.echo", "payload": {}}},
        {"state": "paused"},
        {"id": "1"},
        {"next_times": []},
    ],
)
def test_a_wrong_change_changes_nothing(ada: Caller, fields: dict[str, Any]) -> None:
    """A change that can't be is a 400, and all of it is left out."""
    before = created(ada)
    expect.problem(patch(ada, before, description="new", **fields), 400, "invalid_request")
    assert ada.get(f"/v1/schedules/{before['id']}").get_json() == before


def test_there_is_no_update_mask(ada: Caller) -> None:
    """The body says what is meant; a mask beside it is refused rather than passed over."""
    path = f"/v1/schedules/{created(ada)['id']}?update_mask=cron"
    expect.problem(ada.request("PATCH", path, json={"cron": "@daily"}), 400, "invalid_request")


def test_a_pause(harness: Harness, ada: Caller) -> None:
    """A paused schedule has no next times; it goes on after the pause, with nothing made up for."""
    schedule = created(ada, cron="@hourly", catch_up="all")
    path = f"/v1/schedules/{schedule['id']}"
    paused = ada.post(f"{path}:pause").get_json()
    assert (paused["state"], paused["next_times"]) == ("paused", [])
    assert paused["links"].keys() == {"self", "jobs", "run", "resume"}
    assert ada.post(f"{path}:pause").get_json() == paused
    harness.clock.move(timedelta(hours=5))
    assert patch(ada, schedule, cron="0 */2 * * *").get_json()["next_times"] == []
    kept = harness.stores.schedules.get(schedule["id"])
    assert kept
    assert kept.fire_at is None
    resumed = ada.post(f"{path}:resume").get_json()
    assert (resumed["state"], resumed["paused_at"]) == ("active", None)
    assert resumed["next_times"][0] == "2026-03-04T11:00:00Z"
    assert ada.post(f"{path}:resume").get_json() == resumed


def test_deleting(ada: Caller) -> None:
    """What is deleted is not there any more."""
    path = f"/v1/schedules/{created(ada)['id']}"
    assert ada.delete(path).status_code == 204
    expect.problem(ada.get(path), 404, "schedule_not_found")
    expect.problem(ada.delete(path), 404, "schedule_not_found")


# Running now


def test_run_now(harness: Harness, ada: Caller, otto: Caller) -> None:
    """A job of the template at once, the owner's, also while paused; the times stay."""
    schedule = created(ada, template={**TEMPLATE, "labels": {"team": "a"}, "max_attempts": 2})
    path = f"/v1/schedules/{schedule['id']}"
    paused = ada.post(f"{path}:pause").get_json()
    for caller in (ada, otto):
        response = caller.post(f"{path}:run")
        job = expect.job(response, 202)
        assert response.headers["Location"] == f"/v1/jobs/{job['id']}"
        assert job["labels"] == {"team": "a", "schedule": schedule["id"]}
        assert (job["owner"], job["max_attempts"]) == (f"user:{ADA}", 2)
        assert [job_message.job_id for job_message in harness.dispatched()] == [job["id"]]
    assert len(ada.get(schedule["links"]["jobs"]).get_json()["jobs"]) == 2
    assert ada.get(path).get_json() == paused


def test_a_key_makes_one_run_of_two_requests(ada: Caller, otto: Caller) -> None:
    """A key is for one schedule and one caller, and none of those for submissions."""
    schedule, other = created(ada), created(ada)
    key = {"Idempotency-Key": "now"}
    path = f"/v1/schedules/{schedule['id']}:run"
    first = ada.post(path, headers=key)
    again = ada.post(path, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.get_json()["id"] == first.get_json()["id"]
    ids = {
        first.get_json()["id"],
        ada.post(f"/v1/schedules/{other['id']}:run", headers=key).get_json()["id"],
        otto.post(path, headers=key).get_json()["id"],
        expect.job(ada.submit(key="now"), 202)["id"],
    }
    assert len(ids) == 4
    patch(ada, schedule, template={**TEMPLATE, "labels": {"a": "b"}})
    expect.problem(ada.post(path, headers=key), 422, "idempotency_key_reused")


def test_who_is_to_be_told_of_its_jobs(harness: Harness, ada: Caller) -> None:
    """A template may name a URL, as a submission may; each of its jobs carries it."""
    notify = {"url": "https://ada.example.com/done"}
    schedule = created(ada, template={**TEMPLATE, "notify": notify})
    assert schedule["template"]["notify"] == notify
    job = ada.post(f"/v1/schedules/{schedule['id']}:run").get_json()
    kept = harness.store.get(job["id"])
    assert kept
    assert kept.notify == notify["url"]
    wrong = create(ada, template={**TEMPLATE, "notify": {"url": "https://me:pw@a.example.com/"}})
    expect.problem(wrong, 400, "invalid_request")


def test_a_change_that_names_nothing_changes_nothing(harness: Harness, ada: Caller) -> None:
    """An empty body leaves the schedule as it was, its version too."""
    schedule = created(ada)
    before = harness.stores.schedules.get(schedule["id"])
    assert patch(ada, schedule).get_json() == schedule
    assert harness.stores.schedules.get(schedule["id"]) == before


# What others may


def test_other_peoples_schedules_are_not_there(ada: Caller, bob: Caller) -> None:
    """Other people's schedules are not there; an id that can't be one neither."""
    schedule = created(ada)
    expect.problem(patch(bob, schedule, cron="@daily"), 404, "schedule_not_found")
    for wrong in ("x", "0" * 33, "%00", "A" * 32):
        expect.problem(ada.get(f"/v1/schedules/{wrong}"), 404, "schedule_not_found")


def test_a_template_is_of_a_type_that_the_caller_may_submit(
    issuer: Issuer, verifier: Verifier
) -> None:
    """Whose role is for some job types can plan those, and turn no schedule into another's."""
    roles = (Binding(Role.SUBMITTER, (f"user:{ADA}",), ("text.*",)),)
    harness = Harness(issuer, verifier, some_settings(api_audiences=(AUDIENCE,), roles=roles))
    ada = harness.caller(ADA)
    count = {"type": "number.count", "payload": {"to": 3}}
    schedule = created(ada)
    expect.problem(create(ada, template=count), 403, "permission_denied")
    expect.problem(patch(ada, schedule, template=count), 403, "permission_denied")
    assert ada.get("/v1/schedules").get_json()["schedules"] == [schedule]


def test_credentials_are_not_shown(ada: Caller) -> None:
    """What a payload has in its headers is hidden as in a job; references stay."""
    more = {"headers": {"Authorization": "Bearer abc", "Accept": "text/plain"}}
    template = {"type": "text.echo", "payload": {"text": "a", "more": more}}
    schedule = created(ada, template=template)
    shown = schedule["template"]["payload"]["more"]["headers"]
    assert shown == {"Authorization": "[redacted]", "Accept": "text/plain"}
    job = ada.post(f"/v1/schedules/{schedule['id']}:run")
    assert "abc" not in job.get_data(as_text=True)


def test_what_fired_and_what_was_skipped(harness: Harness, ada: Caller) -> None:
    """The latest time that made a job is shown, and the latest that made none, with its reason."""
    kept = a_schedule(
        owner=f"user:{ADA}",
        template=JobSpec(type="text.echo", payload=msgspec.Raw(b'{"text": "a"}')),
        last_firing=Fired(at=T0, job_id="1" * 32),
        last_skip=Skip(at=T0 + MINUTE, code="overlap", detail="It had not ended."),
    )
    harness.stores.schedules.create(kept)
    shown = ada.get(f"/v1/schedules/{kept.id}").get_json()
    assert shown["last_firing"] == {"at": "2026-03-04T05:06:07.890123Z", "job_id": "1" * 32}
    assert shown["last_skip"]["code"] == "overlap"
