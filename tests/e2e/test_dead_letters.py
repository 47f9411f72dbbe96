"""A message that is no job message, from Pub/Sub to an operator's eyes."""

import time
from base64 import b64encode

import pytest
import requests

from local.emulators import PROJECT
from local.services import url
from tests.e2e.system import System

DATA = b64encode(b"this is no job message").decode()


@pytest.mark.emulators
@pytest.mark.parametrize("system", ["emulators"], indirect=True)
def test_a_dead_letter_becomes_visible(system: System) -> None:
    """What arrives in the dead-letter topic can be read by an operator, with the reason."""
    topic = f"{url(system.ports.pubsub)}/v1/projects/{PROJECT}/topics/dormouse-dead-letters"
    message = {"data": DATA, "attributes": {"CloudPubSubDeadLetterSourceDeliveryCount": "50"}}
    requests.post(f"{topic}:publish", json={"messages": [message]}, timeout=10).raise_for_status()
    operator = {"Authorization": f"Bearer {system.token('operator@example.com')}"}
    dead_letters = f"{url(system.ports.api)}/v1/dead-letters"
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = requests.get(dead_letters, headers=operator, timeout=10).json()["dead_letters"]
        if found:
            break
        time.sleep(0.1)
    assert [
        (dead_letter["data"], dead_letter["reason"], dead_letter["deliveries"])
        for dead_letter in found
    ] == [(DATA, "undecodable", 50)]
    refused = requests.post(
        f"{dead_letters}/{found[0]['id']}:redrive", headers=operator, timeout=10
    )
    assert refused.status_code == 409
