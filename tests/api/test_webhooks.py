"""Webhooks: made, listed, changed; what may be in them, and what never shows."""

from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as Published

from jobs.job.store import Filter
from jobs.webhooks.model import MAX_OF_OWNER, DisabledReason
from jobs.webhooks.signing import signed_headers
from tests.api import expect
from tests.api.conftest import ADA, Caller, Harness
from tests.factories import T0, a_webhook

URL = "https://example.com/hook"
MINE = f"user:{ADA}"


def _create(caller: Caller, **body: Any) -> dict[str, Any]:
    response = caller.post("/v1/webhooks", json={"url": URL} | body)
    assert response.status_code == 201, response.get_data(as_text=True)
    made: dict[str, Any] = response.get_json()
    assert response.headers["Location"].endswith(f"/v1/webhooks/{made['id']}")
    return made


def test_create(harness: Harness, ada: Caller) -> None:
    """A webhook hears of its maker's jobs; its secret is shown by this answer and by no other."""
    made = _create(ada, events=["job.failed"], types=["http.*"], labels={"team": "blue"})
    secret = made.pop("secret")
    kept = harness.webhooks.get(made["id"])
    assert kept
    assert kept.secrets.current == secret
    assert (kept.owner, kept.url, kept.enabled) == (MINE, URL, True)
    assert (kept.events, kept.types, kept.labels) == (
        ("job.failed",),
        ("http.*",),
        {"team": "blue"},
    )
    # As the published library takes it, which needs at least 24 bytes of key.
    assert (
        Published(secret).sign("evt_1", T0, "{}")
        == (signed_headers([secret], "evt_1", T0, b"{}")["webhook-signature"])
    )
    assert ada.get(f"/v1/webhooks/{made['id']}").get_json() == made
    assert ada.get("/v1/webhooks").get_json()["webhooks"] == [made]
    assert secret not in repr(kept)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "http://example.com/"},
        {"url": "ftp://example.com/"},
        {"url": "https://user:password@example.com/"},
        {"url": "https://"},
        {"url": "https://exa mple.com/"},
        {"url": "https://example.com/" + "x" * 2000},
        {"url": URL, "secret": "whsec_mine"},
        {"url": URL, "events": ["job.created"]},
        {"url": URL, "types": ["HTTP"]},
        {"url": URL, "labels": {"Bad Name": "x"}},
        {"url": URL, "owner": "user:bob@example.com"},
    ],
)
def test_what_is_no_webhook(harness: Harness, ada: Caller, body: dict[str, Any]) -> None:
    """A wrong URL, filter or member is refused, and nothing is kept."""
    expect.problem(ada.post("/v1/webhooks", json=body), 400, "invalid_request")
    assert harness.webhooks.list_webhooks(1) == []


def test_plain_http_to_an_allowed_host(harness: Harness) -> None:
    """What a deployment lets its jobs call may be called without TLS."""
    allowed = Harness(
        harness.issuer,
        harness.verifier,
        settings=harness.settings.__class__(
            **{**vars(harness.settings), "allowed_hosts": frozenset({"127.0.0.1:9000"})}
        ),
    )
    _create(allowed.caller(ADA), url="http://127.0.0.1:9000/hook")
    body = {"url": "http://127.0.0.1:9001/hook"}
    expect.problem(allowed.caller(ADA).post("/v1/webhooks", json=body), 400, "invalid_request")


def test_twenty_of_a_principal(harness: Harness, ada: Caller, bob: Caller) -> None:
    """Who has as many as there may be gets no more; others do."""
    for number in range(MAX_OF_OWNER):
        harness.webhooks.create(a_webhook(id=f"{number:032x}"))
    expect.problem(ada.post("/v1/webhooks", json={"url": URL}), 409, "too_many_webhooks")
    _create(bob)


def test_lists_in_pages(harness: Harness, ada: Caller, otto: Caller) -> None:
    """Lists are newest first; operators see everybody's, others their own."""
    for number in range(5):
        owner = MINE if number % 2 else "user:bob@example.com"
        created = T0 + timedelta(seconds=number)
        harness.webhooks.create(a_webhook(id=f"{number:032x}", owner=owner, created_at=created))

    def ids(caller: Caller, query: str = "") -> tuple[list[int], str]:
        page = caller.get(f"/v1/webhooks{query}").get_json()
        return [int(one["id"], 16) for one in page["webhooks"]], page["next_page_token"]

    assert ids(ada) == ([3, 1], "")
    assert ids(otto)[0] == [4, 3, 2, 1, 0]
    first, token = ids(otto, "?page_size=3")
    assert first + ids(otto, f"?page_size=3&page_token={token}")[0] == [4, 3, 2, 1, 0]
    expect.problem(ada.get(f"/v1/webhooks?page_token={token}"), 400, "invalid_page_token")


def test_update(harness: Harness, ada: Caller) -> None:
    """What is given changes, and nothing else; the secret stays."""
    made = _create(ada, events=["job.failed"], description="old")
    secret = made.pop("secret")
    path = f"/v1/webhooks/{made['id']}"
    changed = ada.request("PATCH", path, json={"description": "new", "events": []}).get_json()
    assert changed == made | {"description": "new", "events": []}
    assert ada.request("PATCH", path, json={}).get_json() == changed
    kept = harness.webhooks.get(made["id"])
    assert kept
    assert kept.secrets.current == secret
    response = ada.request("PATCH", path, json={"url": "http://example.com/"})
    expect.problem(response, 400, "invalid_request")


def test_switched_off_and_on(harness: Harness, ada: Caller) -> None:
    """Its owner switches a webhook off and on; what failed before is then forgotten."""
    made = _create(ada)
    path = f"/v1/webhooks/{made['id']}"
    off = ada.request("PATCH", path, json={"enabled": False}).get_json()
    assert (off["enabled"], off["disabled_reason"]) == (False, "by_owner")
    kept = harness.webhooks.get(made["id"])
    assert kept
    failing = kept.evolve(disabled_reason=DisabledReason.FAILING, failing_since=T0)
    harness.webhooks.save(failing, before=kept)
    # Switching off what is off keeps the reason why it is.
    again = ada.request("PATCH", path, json={"enabled": False}).get_json()
    assert again["disabled_reason"] == "failing"
    on = ada.request("PATCH", path, json={"enabled": True}).get_json()
    assert (on["enabled"], on["disabled_reason"], on["failing_since"]) == (True, None, None)


def test_delete(harness: Harness, ada: Caller) -> None:
    """A deleted webhook is gone."""
    path = f"/v1/webhooks/{_create(ada)['id']}"
    assert ada.delete(path).status_code == 204
    for response in (ada.get(path), ada.delete(path), ada.post(f"{path}:test")):
        expect.problem(response, 404, "webhook_not_found")
    assert harness.webhooks.list_webhooks(1) == []


@pytest.mark.parametrize("wrong", ["f" * 32, "x", "a/b", "%00", "../jobs", "a:1", "F" * 32])
@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", ":test"),
        ("POST", ":rotateSecret"),
        ("GET", "/deliveries"),
        ("GET", "/deliveries/" + "d" * 32),
        ("POST", f"/deliveries/{'d' * 32}:redeliver"),
    ],
)
def test_what_is_no_id_is_no_webhook(otto: Caller, method: str, rest: str, wrong: str) -> None:
    """An id that can't be one is answered as one that is not there."""
    response = otto.request(method, f"/v1/webhooks/{wrong}{rest}")
    expect.problem(response, 404, "webhook_not_found")


def test_rotate(harness: Harness, ada: Caller) -> None:
    """A new secret signs at once, and the old one beside it for a day."""
    made = _create(ada)
    fresh = ada.post(f"/v1/webhooks/{made['id']}:rotateSecret").get_json()
    kept = harness.webhooks.get(made["id"])
    assert kept
    now = harness.clock()
    assert fresh["secret"] not in {made["secret"], None}
    assert kept.secrets.at(now) == (fresh["secret"], made["secret"])
    assert kept.secrets.at(now + timedelta(hours=23.9)) == (fresh["secret"], made["secret"])
    assert kept.secrets.at(now + timedelta(hours=24)) == (fresh["secret"],)


def test_the_secret_of_notifications(harness: Harness, ada: Caller) -> None:
    """A principal gets to know its key by asking for a fresh one, and the old one still signs."""
    first = ada.post("/v1/me:rotateNotifySecret").get_json()
    assert first["previous_until"] is None
    second = ada.post("/v1/me:rotateNotifySecret").get_json()
    key = harness.webhooks.notify_key(MINE)
    assert key
    assert key.secrets.at(harness.clock()) == (second["secret"], first["secret"])


def test_nobody_submits_deliveries(harness: Harness, ada: Caller, otto: Caller) -> None:
    """The type of deliveries is Dormouse's own: callers neither see nor submit it."""
    body = {"event": "evt_1", "event_type": "job.failed", "body": "{}", "webhook": "f" * 32}
    for caller in (ada, otto):
        response = caller.submit(type="webhook.deliver", payload=body)
        expect.problem(response, 400, "unknown_job_type")
        template = {"type": "webhook.deliver", "payload": body}
        schedule = {"template": template, "cron": "@daily"}
        response = caller.post("/v1/schedules", json=schedule)
        expect.problem(response, 400, "unknown_job_type")
    expect.problem(ada.get("/v1/job-types/webhook.deliver"), 404, "job_type_not_found")
    document = harness.nobody.get("/openapi.json").get_data(as_text=True)
    assert "WebhookDelivery" not in document
    assert harness.store.list_jobs(Filter(), 1) == []


def test_notify(harness: Harness, ada: Caller) -> None:
    """A job keeps the URL that wants to hear of its end, and shows it."""
    job = ada.submit(notify={"url": URL}).get_json()
    assert job["notify"] == {"url": URL}
    kept = harness.store.get(job["id"])
    assert kept
    assert kept.notify == URL
    assert ada.submit().get_json()["notify"] is None


@pytest.mark.parametrize(
    "notify", [{}, {"url": "http://example.com/"}, {"url": "x"}, {"url": URL, "x": 1}, URL]
)
def test_a_wrong_notify(ada: Caller, notify: Any) -> None:
    """A URL that can't be told is refused with the job."""
    expect.problem(ada.submit(notify=notify), 400, "invalid_request")


def test_another_notify_is_another_request(ada: Caller) -> None:
    """Under one key, a request with another URL is another one."""
    assert ada.submit(key="k", notify={"url": URL}).status_code == 202
    response = ada.submit(key="k", notify={"url": URL + "2"})
    expect.problem(response, 422, "idempotency_key_reused")
