"""What was sent: listed, looked at, sent again; and tests."""

import json

import pytest

from jobs.events.model import EventType
from jobs.job.model import Status
from jobs.webhooks.delivery import owner_of_notification
from tests.api import expect
from tests.api.conftest import ADA, Caller, Harness
from tests.factories import a_delivery, a_webhook, an_attempt, an_error, an_event

WEBHOOK = a_webhook().id
PATH = f"/v1/webhooks/{WEBHOOK}"
DELIVERY = "d" * 32


@pytest.fixture(autouse=True)
def webhook(harness: Harness) -> None:
    """Ada's, with one delivery that has failed."""
    harness.webhooks.create(a_webhook())
    attempt = an_attempt(error=an_error(code="handler_error", message="example.com answered 500."))
    harness.store.create(a_delivery(id=DELIVERY, webhook=WEBHOOK, attempts=(attempt,)))


def test_listed(harness: Harness, ada: Caller) -> None:
    """A webhook's deliveries show what was sent and what was answered; by status if asked for."""
    harness.store.create(a_delivery(id="e" * 32, webhook="a" * 32))
    (shown,) = ada.get(f"{PATH}/deliveries").get_json()["deliveries"]
    assert shown["id"] == DELIVERY
    assert shown["event_id"] == an_event().id
    assert shown["event_type"] == "job.succeeded"
    assert shown["body"] == an_event().message
    assert shown["status"] == "failed"
    assert shown["next_attempt_at"] is None
    (attempt,) = shown["attempts"]
    assert attempt["error"]["message"] == "example.com answered 500."
    assert attempt["error"].get("traceback") is None
    assert ada.get(f"{PATH}/deliveries?status=queued").get_json()["deliveries"] == []
    assert ada.get(f"{PATH}/deliveries/{DELIVERY}").get_json() == shown


def test_in_pages(harness: Harness, ada: Caller) -> None:
    """A list goes on where a page ended."""
    harness.store.create(a_delivery(id="c" * 32, webhook=WEBHOOK))
    first = ada.get(f"{PATH}/deliveries?page_size=1").get_json()
    token = first["next_page_token"]
    second = ada.get(f"{PATH}/deliveries?page_size=1&page_token={token}").get_json()
    found = [page["deliveries"][0]["id"] for page in (first, second)]
    assert found == [DELIVERY, "c" * 32]


def test_they_are_in_nobodys_way(ada: Caller) -> None:
    """Deliveries are no jobs of their webhook's owner."""
    assert ada.get("/v1/jobs").get_json()["jobs"] == []
    expect.problem(ada.get(f"/v1/jobs/{DELIVERY}"), 404, "job_not_found")


@pytest.mark.parametrize("other", ["f" * 32, "x", "e" * 32])
def test_another_delivery(harness: Harness, ada: Caller, other: str) -> None:
    """What was not sent to this webhook is not there."""
    harness.store.create(a_delivery(id="e" * 32, webhook="a" * 32))
    expect.problem(ada.get(f"{PATH}/deliveries/{other}"), 404, "delivery_not_found")
    response = ada.post(f"{PATH}/deliveries/{other}:redeliver")
    expect.problem(response, 404, "delivery_not_found")


def test_redeliver(harness: Harness, ada: Caller) -> None:
    """The same event, with the same body and id, goes out in a delivery of its own."""
    response = ada.post(f"{PATH}/deliveries/{DELIVERY}:redeliver")
    again = response.get_json()
    assert response.status_code == 202
    assert again["id"] != DELIVERY
    assert (again["event_id"], again["body"]) == (an_event().id, an_event().message)
    assert (again["status"], again["attempt"], again["max_attempts"]) == ("queued", 0, 8)
    assert [job_message.job_id for job_message in harness.dispatched()] == [again["id"]]
    assert len(ada.get(f"{PATH}/deliveries").get_json()["deliveries"]) == 2


def test_redeliver_what_is_under_way(harness: Harness, ada: Caller) -> None:
    """What will be tried by itself is not sent again."""
    harness.store.create(a_delivery(id="c" * 32, webhook=WEBHOOK, status=Status.QUEUED))
    response = ada.post(f"{PATH}/deliveries/{'c' * 32}:redeliver")
    expect.problem(response, 409, "status_conflict")


def test_a_test(harness: Harness, ada: Caller) -> None:
    """A test is one attempt with an event of its own, also to a webhook that hears other things."""
    first, second = (ada.post(f"{PATH}:test") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    shown = first.get_json()
    assert (shown["event_type"], shown["max_attempts"]) == (EventType.WEBHOOK_TEST, 1)
    assert shown["event_id"] != second.get_json()["event_id"]
    body = json.loads(shown["body"])
    assert (body["type"], body["id"]) == ("webhook.test", shown["event_id"])
    assert body["data"]["id"] == WEBHOOK
    assert {job_message.job_id for job_message in harness.dispatched()} == {
        shown["id"],
        second.get_json()["id"],
    }


def test_notifications(harness: Harness, ada: Caller, bob: Caller) -> None:
    """What a job's own URL was sent is listed with the job."""
    job = harness.put(id="b" * 32, owner=f"user:{ADA}")
    owner = owner_of_notification(job.id)
    harness.store.create(a_delivery(id="c" * 32, webhook="none", owner=owner))
    (shown,) = ada.get(f"/v1/jobs/{job.id}/deliveries").get_json()["deliveries"]
    assert shown["id"] == "c" * 32
    expect.problem(bob.get(f"/v1/jobs/{job.id}/deliveries"), 404, "job_not_found")
