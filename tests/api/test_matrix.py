"""Every route by every role, on one's own things and on other people's.

A route that is in no row of the table fails here, so a new one can't be forgotten.
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from identity.tokens import Verifier
from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.job.model import UNDELIVERED, Status
from jobs.job.spec import JobSpec
from jobs.settings.roles import Binding, Role
from local.cloud.identity import Issuer
from tests.api.conftest import AUDIENCE, Harness
from tests.api.test_strangers import guarded_rules
from tests.factories import T0, a_delivery, a_schedule, a_webhook, an_error, some_settings

CALLERS: dict[str, tuple[Binding, ...]] = {
    f"{role}{suffix}": (Binding(role, ("user:me@example.com",), types),)
    for role in Role
    for suffix, types in (("", ("*",)), (" of its type", ("text.*",)), (" of others", ("a.b",)))
} | {"nobody": ()}
"""The things are jobs of `text.echo`, schedules for such jobs, and dead letters of the jobs."""

OWN, OTHERS = "b" * 32, "c" * 32
DELIVERIES = {OWN: "d" * 32, OTHERS: "e" * 32}
SUBMISSION = {"type": "text.echo", "payload": {"text": "hello"}}
BODIES: dict[str, Any] = {
    "POST /v1/jobs": SUBMISSION,
    "POST /v1/jobs:batchCreate": {"jobs": [SUBMISSION]},
    "POST /v1/jobs:batchCancel": {},
    "POST /v1/jobs:batchRetry": {},
    "POST /v1/schedules": {"template": SUBMISSION, "cron": "@daily"},
    "PATCH /v1/schedules/<job_id:schedule_id>": {"template": SUBMISSION},
    "POST /v1/dead-letters:redrive": {},
    "POST /v1/webhooks": {"url": "https://example.com/"},
    "PATCH /v1/webhooks/<job_id:webhook_id>": {"description": "new"},
}

Row = dict[str, tuple[int, int]]
"""For each caller the status on its own thing, and on somebody else's."""

_NEVER_SUBMITS: Row = dict.fromkeys(
    ("viewer", "viewer of its type", "viewer of others"), (403, 403)
)
"""Who is refused before the body is read, whatever the path names."""


def _for_all(status: int) -> Row:
    return dict.fromkeys(CALLERS, (status, status)) | {"nobody": (403, 403)}


def _for(status: int, *callers: str) -> Row:
    return dict.fromkeys(CALLERS, (403, 403)) | dict.fromkeys(callers, (status, status))


def _change(status: int) -> Row:
    return {
        "submitter": (status, 404),
        "submitter of its type": (status, 404),
        "submitter of others": (403, 404),
        "viewer": (403, 403),
        "viewer of its type": (403, 403),
        "viewer of others": (403, 404),
        "operator": (status, status),
        "operator of its type": (status, status),
        "operator of others": (403, 404),
        "nobody": (403, 403),
    }


_READ: Row = {
    "submitter": (200, 404),
    "submitter of its type": (200, 404),
    "submitter of others": (200, 404),
    "viewer": (200, 200),
    "viewer of its type": (200, 200),
    "viewer of others": (200, 404),
    "operator": (200, 200),
    "operator of its type": (200, 200),
    "operator of others": (200, 404),
    "nobody": (403, 403),
}
# Webhooks belong to no job type: a role for some types lets nobody see those of others.
_READ_WEBHOOK: Row = _READ | {
    "viewer of its type": (200, 404),
    "operator of its type": (200, 404),
}


def _change_webhook(status: int) -> Row:
    own = dict.fromkeys(CALLERS, (status, 404))
    return own | {
        "viewer": (403, 403),
        "viewer of its type": (403, 404),
        "viewer of others": (403, 404),
        "operator": (status, status),
        "nobody": (403, 403),
    }


_SUBMITTERS = ("submitter", "submitter of its type", "submitter of others")
_MAY_SUBMIT = ("submitter", "submitter of its type", "operator", "operator of its type")
_SUBMIT = _for(202, *_MAY_SUBMIT)
# Over all types at once: who has a role for some types only must say for which.
_LIST = _for(200, *_SUBMITTERS, "viewer", "operator")
_CHANGE_MANY = _for(200, *_SUBMITTERS, "operator")

TABLE: dict[str, Row] = {
    "POST /v1/jobs": _SUBMIT,
    "POST /v1/jobs:batchCreate": _SUBMIT,
    "GET /v1/jobs": _LIST,
    "GET /v1/jobs/<job_id:job_id>": _READ,
    "GET /v1/jobs/<job_id:job_id>/events": _READ,
    "POST /v1/jobs/<job_id:job_id>:cancel": _change(200),
    "POST /v1/jobs/<job_id:job_id>:retry": _change(200),
    "DELETE /v1/jobs/<job_id:job_id>": _change(204),
    "POST /v1/jobs:batchCancel": _CHANGE_MANY,
    "POST /v1/jobs:batchRetry": _CHANGE_MANY,
    "POST /v1/schedules": _for(201, *_MAY_SUBMIT),
    "GET /v1/schedules": _LIST,
    "GET /v1/schedules/<job_id:schedule_id>": _READ,
    "PATCH /v1/schedules/<job_id:schedule_id>": _change(200) | _NEVER_SUBMITS,
    "POST /v1/schedules/<job_id:schedule_id>:pause": _change(200),
    "POST /v1/schedules/<job_id:schedule_id>:resume": _change(200),
    "POST /v1/schedules/<job_id:schedule_id>:run": _change(202),
    "DELETE /v1/schedules/<job_id:schedule_id>": _change(204),
    "GET /v1/job-types": _for_all(200),
    "GET /v1/job-types/<name>": _for_all(200),
    "GET /v1/me": _for_all(200),
    "POST /v1/me:rotateNotifySecret": _for(
        200, *_SUBMITTERS, "operator", "operator of its type", "operator of others"
    ),
    "POST /v1/webhooks": _for(
        201, *_SUBMITTERS, "operator", "operator of its type", "operator of others"
    ),
    "GET /v1/webhooks": _for_all(200),
    "GET /v1/webhooks/<job_id:webhook_id>": _READ_WEBHOOK,
    "PATCH /v1/webhooks/<job_id:webhook_id>": _change_webhook(200) | _NEVER_SUBMITS,
    "DELETE /v1/webhooks/<job_id:webhook_id>": _change_webhook(204),
    "POST /v1/webhooks/<job_id:webhook_id>:rotateSecret": _change_webhook(200)
    | {"operator": (200, 403)},
    "POST /v1/webhooks/<job_id:webhook_id>:test": _change_webhook(202),
    "GET /v1/webhooks/<job_id:webhook_id>/deliveries": _READ_WEBHOOK,
    "GET /v1/webhooks/<job_id:webhook_id>/deliveries/<job_id:delivery_id>": _READ_WEBHOOK,
    "POST /v1/webhooks/<job_id:webhook_id>/deliveries/<job_id:delivery_id>:redeliver": (
        _change_webhook(202)
    ),
    "GET /v1/jobs/<job_id:job_id>/deliveries": _READ,
    "GET /v1/dead-letters": _for(200, "operator"),
    "GET /v1/dead-letters/<job_id:letter_id>": _for(200, "operator"),
    "POST /v1/dead-letters/<job_id:letter_id>:redrive": _for(200, "operator"),
    "POST /v1/dead-letters:redrive": _for(200, "operator"),
    "DELETE /v1/dead-letters/<job_id:letter_id>": _for(204, "operator"),
}


def cases() -> Iterator[tuple[str, str, str, int]]:
    for route, row in TABLE.items():
        for caller, (own, others) in row.items():
            yield route, caller, OWN, own
            yield route, caller, OTHERS, others


@pytest.fixture
def harness(issuer: Issuer, verifier: Verifier, caller: str) -> Harness:
    """With a failed job and a schedule of the caller's, the same of somebody else, and letters."""
    settings = some_settings(api_audiences=(AUDIENCE,), roles=CALLERS[caller])
    harness = Harness(issuer, verifier, settings)
    for job_id, owner in ((OWN, "user:me@example.com"), (OTHERS, "user:zoe@example.com")):
        error = an_error(code=UNDELIVERED)
        job = harness.put(
            id=job_id, type="text.echo", owner=owner, status=Status.FAILED, error=error
        )
        template = JobSpec(type="text.echo", payload=msgspec.Raw(b'{"text": "hello"}'))
        harness.stores.schedules.create(a_schedule(id=job_id, owner=owner, template=template))
        dead_letter = DeadLetter(
            id=job_id,
            created_at=T0,
            reason=Reason.UNDELIVERED,
            detail="refused",
            data=b64encode(JobMessage.to(job).encode()).decode(),
            deliveries=50,
            job_id=job_id,
        )
        harness.dead_letters.add(dead_letter)
        harness.webhooks.create(a_webhook(id=job_id, owner=owner))
        harness.store.create(a_delivery(id=DELIVERIES[job_id], webhook=job_id))
    return harness


def _path(route: str, thing: str) -> str:
    _, path = route.split(" ")
    kinds = ("job", "schedule", "letter", "webhook")
    for argument in (f"<job_id:{kind}_id>" for kind in kinds):
        path = path.replace(argument, thing)
    path = path.replace("<job_id:delivery_id>", DELIVERIES[thing])
    return path.replace("<name>", "text.echo")


@pytest.mark.parametrize("caller", ["operator"])
def test_the_table_has_every_route(harness: Harness) -> None:
    """Every guarded route has a row, and each row is of a route."""
    guarded = {
        f"{method} {rule}"
        for method, rule in guarded_rules(harness.app)
        if method not in {"HEAD", "OPTIONS"}
    }
    assert TABLE.keys() == guarded
    assert all(row.keys() == CALLERS.keys() for row in TABLE.values())


@pytest.mark.parametrize(("route", "caller", "thing", "status"), list(cases()))
def test_matrix(harness: Harness, route: str, thing: str, status: int) -> None:
    """Each route answers each caller as the table says; a refusal has its code and does nothing."""
    method, _ = route.split(" ")
    if route.endswith(":cancel"):
        job = harness.store.get(thing)
        assert job
        harness.store.delete(thing, job.version)
        harness.put(id=thing, type="text.echo", owner=job.owner, status=Status.QUEUED)
    before = {job_id: harness.store.get(job_id) for job_id in (OWN, OTHERS)}
    dead_letters = harness.dead_letters.list_dead_letters(9)
    schedules = harness.stores.schedules.list_schedules(None, None, 9)
    webhooks = harness.webhooks.list_webhooks(9)
    options = {"json": BODIES[route]} if route in BODIES else {}
    caller = harness.caller("me@example.com")
    response = caller.request(method, _path(route, thing), **options)
    assert response.status_code == status, response.get_data(as_text=True)
    if status in {403, 404}:
        kind = next((one for one in ("schedule", "webhook") if one in route), "job")
        code = {403: "permission_denied", 404: f"{kind}_not_found"}[status]
        assert response.get_json()["code"] == code
        assert harness.webhooks.list_webhooks(9) == webhooks
        assert {job_id: harness.store.get(job_id) for job_id in before} == before
        assert harness.dead_letters.list_dead_letters(9) == dead_letters
        assert harness.stores.schedules.list_schedules(None, None, 9) == schedules
        assert harness.dispatched() == []


_SEES: dict[str, set[str]] = {
    "submitter": {OWN},
    "submitter of its type": {OWN},
    "submitter of others": {OWN},
    "viewer": {OWN, OTHERS},
    "viewer of its type": {OWN, OTHERS},
    "operator": {OWN, OTHERS},
    "operator of its type": {OWN, OTHERS},
}
_CHANGES = _SEES | {"submitter of others": set(), "viewer": set(), "viewer of its type": set()}


@pytest.mark.parametrize("caller", CALLERS)
def test_what_a_list_shows(harness: Harness) -> None:
    """Filtered by type, a list shows what the caller may read one by one, and nothing else."""
    me = harness.caller("me@example.com")
    response = me.get("/v1/jobs?type=text.echo")
    shown = {job["id"] for job in response.get_json().get("jobs", ())}
    may_read = {thing for thing in (OWN, OTHERS) if me.get(f"/v1/jobs/{thing}").status_code == 200}
    # A viewer of other types can't list this one, but can still get its own job.
    assert shown == may_read or (response.status_code == 403 and may_read <= {OWN})


@pytest.mark.parametrize("caller", _SEES)
def test_whose_jobs_a_list_shows(harness: Harness, caller: str) -> None:
    """Submitters see their own, viewers and operators everybody's."""
    response = harness.caller("me@example.com").get("/v1/jobs?type=text.echo")
    assert {job["id"] for job in response.get_json()["jobs"]} == _SEES[caller]


@pytest.mark.parametrize("caller", CALLERS)
def test_whose_jobs_a_batch_changes(harness: Harness, caller: str) -> None:
    """A batch changes what the caller may change one by one, and nothing else."""
    body = {"type": "text.echo"}
    harness.caller("me@example.com").post("/v1/jobs:batchRetry", json=body)
    changed = set()
    for thing in (OWN, OTHERS):
        job = harness.store.get(thing)
        assert job
        if job.status is Status.QUEUED:
            changed.add(thing)
    assert changed == _CHANGES.get(caller, set())
