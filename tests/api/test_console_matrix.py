"""Every route and button of the console by every role, on one's own things and on others'."""

import hashlib
import hmac
import re
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from api.console.actions import ACTIONS
from api.console.session import SESSION
from identity.tokens import Verifier
from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.job.model import UNDELIVERED, Status
from jobs.job.spec import JobSpec
from jobs.schedules import transitions
from local.cloud.identity import Issuer
from tests.api.conftest import AUDIENCE, Harness
from tests.api.test_console import CLIENT_ID, HOST, Person
from tests.api.test_matrix import CALLERS, DELIVERIES, OTHERS, OWN
from tests.factories import T0, a_delivery, a_schedule, a_webhook, an_error, some_settings

SECRET = "secret"
OF_SOME = ("of its type", "of others")
JOB, WEBHOOK = "/console/jobs/{id}", "/console/webhooks/{id}"
SCHEDULES, LETTERS = "/console/schedules?type=text.echo", "/console/dead-letters"
BUTTONS = {
    "submit": "/console/job-types/text.echo",
    "cancel": JOB,
    "retry": JOB,
    "delete-job": JOB,
    "pause": SCHEDULES,
    "resume": SCHEDULES,
    "run": SCHEDULES,
    "delete-schedule": SCHEDULES,
    "test": WEBHOOK,
    "delete-webhook": WEBHOOK,
    "switch": WEBHOOK,
    "redeliver": WEBHOOK,
    "redrive": LETTERS,
    "delete-letter": LETTERS,
}
"""Each button, and the page that has it."""
ROUTES = {
    "GET /console",
    "GET /console/jobs",
    "GET /console/jobs/<job_id>",
    "GET /console/jobs/<job_id>/events",
    "GET /console/job-types",
    "GET /console/job-types/<name>",
    "GET /console/schedules",
    "GET /console/webhooks",
    "GET /console/webhooks/<webhook_id>",
    "GET /console/dead-letters",
    "POST /console/actions/<name>",
    "POST /console/bulk",
}
"""What shows or changes anything: test_pages and test_buttons have each of them."""
OPEN = {
    "GET /console/sign-in",
    "GET /console/signed-in",
    "POST /console/sign-out",
    "POST /console/theme",
    "GET /console/<any('console.css', 'console.js', 'icon.svg'):name>",
}
"""What shows nothing of anybody."""


@pytest.fixture
def harness(issuer: Issuer, verifier: Verifier, caller: str) -> Harness:
    """With one of each of the caller's own, and of somebody else's."""
    settings = some_settings(
        api_audiences=(AUDIENCE, CLIENT_ID),
        roles=CALLERS[caller],
        console_client_id=CLIENT_ID,
        console_client_secret=SECRET,
    )
    harness = Harness(issuer, verifier, settings)
    for thing, owner in ((OWN, "user:me@example.com"), (OTHERS, "user:zoe@example.com")):
        _add(harness, thing, owner)
    return harness


def _add(harness: Harness, thing: str, owner: str) -> None:
    error = an_error(code=UNDELIVERED)
    job = harness.put(id=thing, type="text.echo", owner=owner, status=Status.FAILED, error=error)
    template = JobSpec(type="text.echo", payload=msgspec.Raw(b'{"text": "hello"}'))
    harness.stores.schedules.create(a_schedule(id=thing, owner=owner, template=template))
    harness.webhooks.create(a_webhook(id=thing, owner=owner))
    harness.store.create(a_delivery(id=DELIVERIES[thing], webhook=thing))
    harness.dead_letters.add(
        DeadLetter(
            id=thing,
            created_at=T0,
            reason=Reason.UNDELIVERED,
            detail="refused",
            data=b64encode(JobMessage.to(job).encode()).decode(),
            deliveries=50,
            job_id=thing,
        )
    )


def _make_ready(harness: Harness, action: str, thing: str) -> None:
    """Put the thing into the state in which the button makes sense."""
    if action == "cancel":
        job = harness.store.get(thing)
        assert job
        harness.store.delete(thing, job.version)
        harness.put(id=thing, type="text.echo", owner=job.owner, status=Status.QUEUED)
    if action == "resume":
        schedule = harness.stores.schedules.get(thing)
        assert schedule
        harness.stores.schedules.save(transitions.pause(schedule, T0), before=schedule)


def _me(harness: Harness) -> tuple[Person, str]:
    """The caller's browser, and what the forms of its session carry."""
    token = harness.issuer.token("me@example.com", CLIENT_ID)
    person = Person(harness)
    person.browser.set_cookie(SESSION, token, domain=HOST.removeprefix("https://"))
    return person, hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


def _fields(form: str) -> dict[str, str]:
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))


@pytest.mark.parametrize("caller", ["operator"])
def test_no_route_and_no_button_is_forgotten(harness: Harness) -> None:
    """A new one fails here until it has its row."""
    rules = {
        f"{method} {rule.rule}"
        for rule in harness.app.url_map.iter_rules()
        if rule.rule.startswith("/console")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert rules == ROUTES | OPEN
    assert BUTTONS.keys() == ACTIONS.keys()


@pytest.mark.parametrize("thing", [OWN, OTHERS])
@pytest.mark.parametrize("action", BUTTONS)
@pytest.mark.parametrize("caller", CALLERS)
def test_buttons(harness: Harness, action: str, thing: str) -> None:
    """A page offers a button if and only if pressing it works."""
    _make_ready(harness, action, thing)
    person, csrf = _me(harness)
    page = person.get(BUTTONS[action].format(id=thing)).get_data(as_text=True)
    forms = re.findall(rf'action="/console/actions/{action}".*?</form>', page, re.DOTALL)
    names = {"text.echo"} if action == "submit" else {thing}
    offered = [one for one in forms if _fields(one).get("id") in names]
    form: dict[str, Any] = {
        "id": thing,
        "enabled": "false",
        "delivery": DELIVERIES[thing],
        "payload.text": "hello",
    }
    form |= {"id": "text.echo"} if action == "submit" else {}
    answer = person.post(f"/console/actions/{action}", **form, csrf=csrf)
    assert bool(offered) == (answer.status_code == 303), answer.get_data(as_text=True)
    assert answer.status_code in {303, 403, 404}


@pytest.mark.parametrize("job_type", ["", "text.echo"])
@pytest.mark.parametrize("caller", CALLERS)
def test_who_changes_many(harness: Harness, job_type: str) -> None:
    """The list offers it only if the API would do it, and then it changes the same jobs."""
    person, csrf = _me(harness)
    page = person.get(f"/console/jobs?status=failed&type={job_type}").get_data(as_text=True)
    offered = "/console/bulk" in page
    api = harness.caller("me@example.com")
    matched = {"type": job_type or None, "page_size": 1}
    allowed = api.post("/v1/jobs:batchRetry", json=matched).status_code == 200
    answer = person.post("/console/bulk", status="failed", type=job_type, csrf=csrf)
    assert (answer.status_code == 200) == allowed
    assert not offered or allowed
    rest = api.post("/v1/jobs:batchRetry", json={"type": job_type or None})
    assert not allowed or rest.get_json()["changed"] == []


@pytest.mark.parametrize("caller", ["operator"])
@pytest.mark.parametrize(("status", "ends"), [("queued", "cancelled"), ("failed", "queued")])
def test_all_that_match_are_changed(harness: Harness, status: str, ends: str) -> None:
    """More than a page of them, and no others."""
    wanted = {"type": "number.count", "status": Status(status), "labels": {"team": "a"}}
    jobs = [harness.put(id=f"{n:032x}", **wanted) for n in range(230)]
    others = [
        harness.put(id="e" * 31 + "1", **wanted | {"labels": {"team": "b"}}),
        harness.put(id="e" * 31 + "2", **wanted | {"type": "text.echo"}),
    ]
    person, csrf = _me(harness)
    form = {"status": status, "type": "number.count", "label": "team=a", "csrf": csrf}
    pages = 0
    while form:
        answer = person.post("/console/bulk", None, **form)
        assert answer.status_code == 200
        shown = answer.get_data(as_text=True)
        found = re.search(r'action="/console/bulk".*?</form>', shown, re.DOTALL)
        form = _fields(found[0]) if found else {}
        harness.clock.move(timedelta(minutes=1))
        pages += 1
    assert pages == 3
    assert "That was all" in shown
    assert {harness.store.get(job.id).status for job in jobs} == {ends}  # type: ignore[union-attr]
    assert [harness.store.get(job.id) for job in others] == others


@pytest.mark.parametrize("caller", ["operator"])
def test_a_rate_that_is_used_up_is_waited_for(harness: Harness) -> None:
    """The next page goes on where this one could not."""
    harness.settings = replace(harness.settings, submit_burst=1, submit_rate=1)
    harness.__post_init__()
    harness.put(id="f" * 32, type="text.echo", status=Status.FAILED)
    person, csrf = _me(harness)
    shown = person.post("/console/bulk", status="failed", csrf=csrf).get_data(as_text=True)
    again = person.post("/console/bulk", status="failed", csrf=csrf).get_data(as_text=True)
    assert "rate is used up" in shown + again


@pytest.mark.parametrize("caller", ["operator"])
@pytest.mark.parametrize("status", ["", "succeeded", "x"])
def test_no_status_no_change(harness: Harness, status: str) -> None:
    """And another site's form changes nothing either."""
    person, csrf = _me(harness)
    assert person.post("/console/bulk", status=status, csrf=csrf).status_code == 400
    assert person.post("/console/bulk", status="failed", csrf="0" * 64).status_code == 403


@pytest.mark.parametrize("path", ["/console", "/console/schedules"])
@pytest.mark.parametrize("caller", CALLERS)
def test_who_sees_some_types_only_chooses_one(harness: Harness, caller: str, path: str) -> None:
    """There is no list of all types for them, yet each page leads to what they may see."""
    person, _ = _me(harness)
    answer = person.get(path)
    page = answer.get_data(as_text=True)
    some_only = caller in {f"{r} {of}" for r in ("viewer", "operator") for of in OF_SOME}
    assert answer.status_code == (403 if caller == "nobody" else 200)
    assert ("Choose one" in page or "doesn't have" in page) == some_only
    assert (f"{path}?type=text.echo" in page) == (some_only and "its type" in caller)
    for choice in re.findall(rf'href="({path}\?type=[^"]+)"', page) if some_only else ():
        assert "Choose one" not in person.get(choice).get_data(as_text=True)


@pytest.mark.parametrize("thing", [OWN, OTHERS])
@pytest.mark.parametrize(
    ("page", "path"),
    [
        ("/console/jobs/{}", "/v1/jobs/{}"),
        ("/console/jobs/{}/events", "/v1/jobs/{}/events"),
        ("/console/jobs?type=text.echo", "/v1/jobs?type=text.echo"),
        ("/console/job-types", "/v1/job-types"),
        ("/console/job-types/text.echo", "/v1/job-types/text.echo"),
        ("/console/webhooks/{}", "/v1/webhooks/{}"),
    ],
)
@pytest.mark.parametrize("caller", CALLERS)
def test_pages(harness: Harness, page: str, path: str, thing: str) -> None:
    """A page shows a thing if and only if the API would."""
    person, _ = _me(harness)
    api = harness.caller("me@example.com").get(path.format(thing))
    shown = person.get(page.format(thing))
    if page.endswith("type=text.echo"):
        listed = {job["id"] for job in (api.get_json().get("jobs") or ())}
        text = shown.get_data(as_text=True)
        assert {one for one in (OWN, OTHERS) if f"/console/jobs/{one}" in text} == listed
    else:
        assert shown.status_code == api.status_code
