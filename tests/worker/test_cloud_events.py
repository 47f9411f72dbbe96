"""Eventarc's requests, decoded."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from jobs.errors import UndecodableEvent
from jobs.gcp.firestore.changes import DocumentChange
from local.cloud.firestore import as_eventarc
from local.processes import ROOT
from worker.events.cloud_events import CloudEvent, read_event

ORDER = {
    "url": "https://example.com/hook",
    "n": 3,
    "ratio": 0.5,
    "ok": True,
    "none": None,
    "at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "raw": b"\x00\xff",
    "where": {"latitude": 46.9, "longitude": 7.4},
    "ref": "projects/dormouse-local/databases/(default)/documents/users/u1",
    "lines": [{"sku": "a", "q": 2}],
    "text": "grüße",
}
"""What the document held when the emulator was listened to."""


def captured(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"tests/events/{name}.json").read_text())
    return found


def document_event(happening: str) -> CloudEvent:
    call = captured(f"firestore-{happening}")
    headers, data = as_eventarc(call["headers"], call["body"].encode())
    return read_event(headers, data)


def test_a_created_document() -> None:
    """Every type of value that Firestore knows arrives as itself; there was nothing before."""
    event = document_event("created")
    assert event.type == "google.cloud.firestore.document.v1.created"
    assert event.source == "//firestore.googleapis.com/projects/dormouse-local/databases/(default)"
    assert event.id
    assert event.data == DocumentChange(path="orders/o-1", after=ORDER, before=None)


def test_an_updated_document() -> None:
    """An update shows the document as it was and as it is."""
    change = document_event("updated").data
    assert change == DocumentChange(path="orders/o-1", after=ORDER | {"n": 4}, before=ORDER)


def test_a_deleted_document() -> None:
    """After a deletion there is nothing."""
    change = document_event("deleted").data
    assert change == DocumentChange(path="orders/o-1", after=None, before=ORDER | {"n": 4})


def test_a_published_message() -> None:
    """A message comes as JSON."""
    sample = captured("pubsub-published")
    event = read_event(sample["headers"], json.dumps(sample["body"]).encode())
    assert event.id == "message-id"
    assert event.data["message"]["data"] == "AQIDBA=="


def test_a_finalized_object() -> None:
    """An object's metadata comes as JSON, its names among the attributes."""
    sample = captured("storage-finalized")
    event = read_event(sample["headers"], json.dumps(sample["body"]).encode())
    assert event.attributes["bucket"] == event.data["bucket"] == "sample-bucket"
    assert event.data["name"] == "MyFile"


def test_attributes_beyond_ascii() -> None:
    """The HTTP binding of CloudEvents encodes them, in percent."""
    headers = {**MINIMAL, "Ce-Subject": quote('objects/"grüße" 100%')}
    assert read_event(headers, b"{}").attributes["subject"] == 'objects/"grüße" 100%'


def test_an_event_inside_a_message() -> None:
    """Where an attribute can't be a header, Eventarc sends the message that carries the event."""
    call = captured("firestore-created")
    headers, _ = as_eventarc(call["headers"], call["body"].encode())
    attributes = {name: value for name, value in headers.items() if name.startswith("ce-")}
    message = {
        "attributes": attributes | {"ce-document": "orders/100% "},
        "data": call["body"],
        "messageId": "1",
    }
    body = json.dumps({"message": message, "subscription": "projects/p/subscriptions/s"}).encode()
    event = read_event({"Content-Type": "application/json"}, body)
    assert event.id == headers["ce-id"]
    assert event.attributes["document"] == "orders/100% "
    assert event.data.after == ORDER


MINIMAL = {"ce-id": "1", "ce-source": "//s", "ce-type": "t", "Content-Type": "application/json"}
DOCUMENT = {
    **MINIMAL,
    "ce-type": "google.cloud.firestore.document.v1.created",
    "Content-Type": "application/protobuf",
}


@pytest.mark.parametrize(
    ("headers", "body", "why"),
    [
        ({}, b"", "no CloudEvent's headers"),
        ({}, b'{"message": {"data": "e30=", "attributes": {"a": "b"}}}', "no `id`"),
        (MINIMAL | {"ce-id": ""}, b"{}", "no `id`"),
        ({"ce-id": "1", "ce-source": "//s"}, b"{}", "no `type`"),
        (MINIMAL, b"", "no JSON"),
        (MINIMAL, b"\xff", "no JSON"),
        (MINIMAL, b"[" * 5000, "no JSON"),
        (DOCUMENT, b"\xff\xff", "no DocumentEventData"),
        (DOCUMENT, b"", "names no document"),
        (DOCUMENT | {"Content-Type": "application/json"}, b"{}", "is a protobuf"),
    ],
)
def test_no_event(headers: Mapping[str, str], body: bytes, why: str) -> None:
    """What is no event is refused, whatever it is, in words that say why."""
    with pytest.raises(UndecodableEvent, match=why):
        read_event(headers, body)
