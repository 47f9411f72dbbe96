"""From the end of a job to a receiver that verifies it: through all the services, in both modes.

Here the events go the way that they go in the cloud: Firestore's trigger, Eventarc's request, the
worker.
"""

import json
from base64 import b64decode
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook as Published

from tests.e2e.conftest import ThirdParty
from tests.e2e.system import System

SECONDS = 60.0
PULLS = 20
TABLE = {"text": "city,people\nBern,134591\n"}


def test_a_webhook_hears_of_a_job(system: System, third_party: ThirdParty) -> None:
    """What a receiver is sent is signed with the secret that its owner was shown."""
    body = {"url": third_party.url("/hook"), "labels": {"told": "yes"}}
    hook = system.call("POST", "/v1/webhooks", body).json()
    path = f"/v1/webhooks/{hook['id']}"
    try:
        system.submit("table.profile", TABLE)
        job = system.submit("table.profile", TABLE, labels={"told": "yes"})
        headers, text = third_party.told.get(timeout=SECONDS)
        told = Published(hook["secret"]).verify(text, headers)
        assert (told["type"], told["data"]["id"]) == ("job.succeeded", job["id"])
        assert told["data"]["result"]["rows"] == 1
        (delivery,) = system.call("GET", f"{path}/deliveries").json()["deliveries"]
        assert delivery["event_id"] == told["id"]
        assert json.loads(delivery["body"]) == told
        tested = system.call("POST", f"{path}:test")
        assert tested.status_code == 202, tested.text
        headers, text = third_party.told.get(timeout=SECONDS)
        assert Published(hook["secret"]).verify(text, headers)["type"] == "webhook.test"
        assert third_party.told.empty()
    finally:
        system.call("DELETE", path)


def test_a_job_names_who_is_told(system: System, third_party: ThirdParty) -> None:
    """A job's own URL hears of its end, also where that is a cancellation by the API."""
    secret = system.call("POST", "/v1/me:rotateNotifySecret").json()["secret"]
    notify = {"url": third_party.url("/hook")}
    job = system.submit("table.profile", TABLE, notify=notify, delay_seconds=3600)
    system.call("POST", f"/v1/jobs/{job['id']}:cancel")
    headers, text = third_party.told.get(timeout=SECONDS)
    told = Published(secret).verify(text, headers)
    assert (told["type"], told["data"]["id"]) == ("job.cancelled", job["id"])
    (delivery,) = system.call("GET", f"/v1/jobs/{job['id']}/deliveries").json()["deliveries"]
    assert delivery["event_id"] == headers["Webhook-Id"]


@pytest.mark.parametrize("system", ["emulators"], indirect=True)
def test_the_end_of_a_job_is_published(system: System) -> None:
    """Each end of a job goes to the events topic, which the local cloud has made."""
    place = f"http://127.0.0.1:{system.ports.pubsub}/v1/projects/dormouse-local"
    topic = "projects/dormouse-local/topics/dormouse-events"
    made = requests.put(f"{place}/subscriptions/history", json={"topic": topic}, timeout=SECONDS)
    assert made.status_code == 200, made.text
    job = system.submit("table.profile", TABLE)
    published: list[dict[str, Any]] = []
    for _ in range(PULLS):
        answer = requests.post(
            f"{place}/subscriptions/history:pull", json={"maxMessages": 100}, timeout=SECONDS
        )
        published += [one["message"] for one in answer.json().get("receivedMessages", ())]
        if any(one["attributes"]["job_id"] == job["id"] for one in published):
            break
    (message,) = [one for one in published if one["attributes"]["job_id"] == job["id"]]
    told = json.loads(b64decode(message["data"]))
    assert (told["version"], told["type"], told["data"]["id"]) == (1, "job.succeeded", job["id"])
    assert message["attributes"]["type"] == "job.succeeded"
