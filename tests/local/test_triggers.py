"""`./dev triggers`, and what the local cloud makes of a deployment's triggers."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from jobs.triggers.file import parse
from local.cloud.events import Events
from local.cloud.firestore import EVENTS
from local.cloud.push import Message
from local.cloud.storage import tell_of_objects
from local.cloud.triggers import (
    as_published,
    bucket_subscriptions,
    document_triggers,
    topic_subscriptions,
)
from local.console import Console
from local.triggers import write_triggers
from tests.infra.test_eventarc import EACH
from worker.events.cloud_events import read_event

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRIGGERS = parse(EACH).values()


def test_the_derived_file_is_written_when_it_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is written once, and said to be; a second time there is nothing to do or to say."""
    source, derived = tmp_path / "triggers.toml", tmp_path / "triggers.json"
    source.write_text(EACH)
    assert write_triggers(Console(), source, derived) == 0
    assert "wrote triggers.json" in capsys.readouterr().out
    assert list(json.loads(derived.read_text())) == ["order", "upload", "message"]
    assert write_triggers(Console(), source, derived) == 0
    assert capsys.readouterr().out == ""


def test_a_wrong_file_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written of a file that is wrong."""
    source, derived = tmp_path / "triggers.toml", tmp_path / "triggers.json"
    source.write_text(EACH.replace('"written"', '"touched"'))
    assert write_triggers(Console(), source, derived) == 1
    assert "triggers.toml, trigger 1 (order): `on` is" in capsys.readouterr().out
    assert not derived.exists()


def test_each_trigger_leads_to_its_path() -> None:
    """Documents, topics and buckets are told apart; Dormouse's own trigger comes with them."""
    own, order = document_triggers(TRIGGERS)
    assert own == EVENTS
    assert (order.pattern, order.happening) == ("orders/{id}", "written")
    assert order.subscription.path == "/triggers/order"
    [message] = topic_subscriptions(TRIGGERS)
    assert (message.topic, message.path) == ("pictures", "/triggers/message")
    [(upload, subscription)] = bucket_subscriptions(TRIGGERS)
    assert (upload.bucket, subscription.path) == ("uploads", "/triggers/upload")


def test_a_message_is_an_event() -> None:
    """A message of a watched topic reads like Eventarc's event of it."""
    [subscription] = topic_subscriptions(TRIGGERS)
    sent = Message(id="17", data=b"hello", published_at=NOW, attributes={"a": "b"})
    published = as_published("prj", subscription, sent)
    event = read_event(published.attributes, published.data)
    assert event.id == "17"
    assert event.source == "//pubsub.googleapis.com/projects/prj/topics/pictures"
    assert event.data["message"]["data"] == "aGVsbG8="
    assert event.data["message"]["attributes"] == {"a": "b"}


def test_an_object_is_an_event() -> None:
    """What the local cloud is told of an object goes to the triggers on its bucket, no others."""
    events = Events(lambda: NOW)
    app = Flask("storage")
    buckets = bucket_subscriptions(TRIGGERS)
    tell_of_objects(app, buckets, events, lambda: NOW)
    client = app.test_client()
    for bucket, happening in (("other", "finalized"), ("uploads", "deleted")):
        answer = client.post(f"/storage/{happening}", json={"bucket": bucket, "name": "a"})
        assert answer.status_code == 204
    body = {"bucket": "uploads", "name": "a/grün.csv", "size": "7"}
    assert client.post("/storage/finalized", json=body).status_code == 204
    assert client.post("/storage/finalized", json={"name": "a"}).status_code == 400
    [(_, message)] = events.pull(buckets[0][1], 1)
    event = read_event(message.attributes, message.data)
    assert (event.type, event.data) == ("google.cloud.storage.object.v1.finalized", body)
    assert events.pull(buckets[0][1], 1) == []
