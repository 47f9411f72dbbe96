"""A deployment's own triggers, in the whole system: what happens elsewhere starts a job."""

import time
from base64 import b64encode
from typing import Any
from uuid import uuid4

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from local.emulators import PROJECT
from local.ports import LOOPBACK
from local.services import url
from tests.e2e.conftest import ThirdParty
from tests.e2e.system import System

SECONDS = 30


@pytest.fixture
def client(system: System, monkeypatch: pytest.MonkeyPatch) -> firestore.Client:
    """A plain client of Google's, which knows nothing of Dormouse."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", f"{LOOPBACK}:{system.ports.firestore}")
    return firestore.Client(project=PROJECT, credentials=AnonymousCredentials())


def started(system: System, label: str, having: str) -> dict[str, Any]:
    """The job with this label whose payload has this text, once it is terminal."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        answer = system.call("GET", f"/v1/jobs?label.{label}")
        assert answer.status_code == 200, answer.text
        for job in answer.json()["jobs"]:
            whole: dict[str, Any] = system.call("GET", f"/v1/jobs/{job['id']}").json()
            if having in str(whole["payload"]):
                return system.finished(whole)
        time.sleep(0.1)
    raise AssertionError("\n".join(system.lines))


@pytest.mark.emulators
@pytest.mark.parametrize("system", ["emulators"], indirect=True)
def test_a_document_starts_a_job(
    system: System, client: firestore.Client, third_party: ThirdParty
) -> None:
    """A document written by a plain client makes a call, with the document's fields; once."""
    name = uuid4().hex
    where = third_party.url(f"/status/200/{name}")
    client.document(f"orders/{name}").set({"url": where, "lines": [{"sku": "a", "n": 2}]})
    done = started(system, "order=created", name)
    assert done["status"] == "succeeded", done
    assert done["payload"] == {"url": where, "json": {"id": name, "lines": [{"sku": "a", "n": 2}]}}
    client.document(f"orders/{name}").delete()
    gone = started(system, "order=deleted", name)
    assert gone["result"]["rows"] == 1, gone
    assert len([path for path, _ in third_party.received if path.endswith(name)]) == 1


@pytest.mark.emulators
@pytest.mark.parametrize("system", ["emulators"], indirect=True)
def test_a_message_starts_a_job(system: System) -> None:
    """A message that somebody publishes starts a job; one that makes no sense becomes a letter."""
    name = uuid4().hex
    topic = f"{url(system.ports.pubsub)}/v1/projects/{PROJECT}/topics/pictures:publish"
    good = b64encode(f'{{"text": "name\\n{name}\\n"}}'.encode()).decode()
    bad = b64encode(f'{{"colour": "{name}"}}'.encode()).decode()
    body = {"messages": [{"data": bad}, {"data": good}]}
    requests.post(topic, json=body, timeout=10).raise_for_status()
    assert started(system, "message=published", name)["result"]["rows"] == 1
    operator = {"Authorization": f"Bearer {system.token('operator@example.com')}"}
    dead_letters = f"{url(system.ports.api)}/v1/dead-letters?reason=unusable_event"
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        found = requests.get(dead_letters, headers=operator, timeout=10).json()["dead_letters"]
        if found:
            break
        time.sleep(0.1)
    assert [dead_letter["detail"] for dead_letter in found] == [
        "Trigger message: the event has no {data.text}"
    ]


def test_an_object_starts_a_job(system: System) -> None:
    """A file that lands in a bucket is read there and profiled, in both modes."""
    name = f"tables/{uuid4().hex}.csv"
    told = f"{url(system.ports.local)}/storage/finalized"
    for other in (f"{name}.tmp", name):
        body = {"bucket": "uploads", "name": other, "size": "7"}
        requests.post(told, json=body, timeout=10).raise_for_status()
    done = started(system, "object=finalized", name)
    assert done["payload"] == {"url": f"gs://uploads/{name}"}
    assert done["result"]["columns"][0]["top"][0]["value"] == name, done
