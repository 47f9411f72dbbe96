"""Events of the local cloud: from the Firestore emulator to the worker, as Eventarc sends them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from queue import SimpleQueue

import pytest
from flask import Flask
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from werkzeug.serving import make_server

from identity.tokens import Verifier
from jobs.gcp.firestore.changes import DocumentChange
from local.cloud.backlog import backoff
from local.cloud.caller import WorkerCaller
from local.cloud.events import KEPT_FOR, EventPush, Events
from local.cloud.firestore import (
    EVENTS,
    DocumentTrigger,
    answer_emulator,
    creation,
    register,
)
from local.cloud.push import Message
from local.cloud.settings import CloudSettings
from local.ports import LOOPBACK
from local.processes import ROOT
from tests.conftest import Emulators
from tests.local.conftest import StandIn
from worker.events.cloud_events import CloudEvent, read_event

SECONDS = 20
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ORDERS = DocumentTrigger(
    name="orders", pattern="orders/{id}", happening="created", path="/triggers/orders"
)
HEADERS = {
    "ce-id": "7",
    "ce-source": "//s",
    "ce-type": "t",
    "ce-subject": 'grüße "100%" ',
    "x": "y",
}


def event_of(message: Message) -> CloudEvent:
    return read_event(message.attributes, message.data)


def test_an_event_is_sent_as_eventarc_sends_it(
    settings: CloudSettings, caller: WorkerCaller, worker: StandIn, verifier: Verifier
) -> None:
    """Attributes are headers, the token is the eventarc account's, made for the whole service."""
    message = Message(id="7", data=b"\x00\xff", published_at=NOW, attributes=HEADERS)
    assert EventPush(settings, caller)(ORDERS.subscription, message)
    [received] = worker.received
    assert received.path == "/triggers/orders"
    assert received.body == b"\x00\xff"
    assert received.headers["Ce-Subject"] == "gr%C3%BC%C3%9Fe%20%22100%25%22%20"
    principal = verifier.verify(received.token, ["https://worker.test"])
    assert principal.email == settings.eventarc_account


def test_a_refused_event_comes_again_until_a_day_is_over() -> None:
    """What the worker refuses is sent again, ever later, and dropped after a day."""
    now = [NOW]
    events = Events(lambda: now[0])
    events.publish(ORDERS.subscription, HEADERS, b"{}")
    attempts = []
    while pulled := events.pull(ORDERS.subscription, 1):
        [(ack_id, message)] = pulled
        attempts.append(message.attempt)
        events.refuse(ORDERS.subscription, ack_id)
        now[0] += backoff(message.attempt)
    assert attempts == list(range(1, len(attempts) + 1))
    assert timedelta() <= now[0] - NOW - KEPT_FOR <= backoff(attempts[-1])


def test_an_event_that_was_taken_is_gone() -> None:
    """An acknowledged event is not sent again."""
    events = Events(lambda: NOW)
    events.publish(ORDERS.subscription, HEADERS, b"{}")
    assert events.pull(EVENTS.subscription, 1) == []
    [(ack_id, _)] = events.pull(ORDERS.subscription, 1)
    events.acknowledge(ORDERS.subscription, ack_id)
    assert events.pull(ORDERS.subscription, 1) == []


def test_an_event_where_no_emulator_tells(settings: CloudSettings) -> None:
    """The event that the local cloud makes by itself reads like the emulator's."""
    headers, data = creation(settings, "events/e1", {"n": 1, "at": NOW, "a": ["x"]}, NOW)
    event = read_event(headers, data)
    assert event.data == DocumentChange(
        path="events/e1", after={"n": 1, "at": NOW, "a": ["x"]}, before=None
    )
    captured = json.loads((ROOT / "tests/events/firestore-created.json").read_text())["headers"]
    known = {name.lower() for name in captured}
    assert set(headers) <= known
    assert event.type == captured["ce-type"]


@contextmanager
def answering(events: Events, port: int) -> Iterator[None]:
    """A local cloud that takes the emulator's calls."""
    app = Flask("answering")
    answer_emulator(app, [ORDERS, EVENTS], events)
    server = make_server(LOOPBACK, port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_emulator_tells_of_a_document(
    emulators: Emulators, settings: CloudSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that a plain client writes becomes an event; other documents don't."""
    settings = replace(settings, firestore_emulator=emulators.firestore)
    events = Events(lambda: datetime.now(UTC))
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulators.firestore)
    client = firestore.Client(project=settings.project, credentials=AnonymousCredentials())
    with answering(events, emulators.events_port):
        for _ in range(2):
            register(settings, ORDERS)
        client.document("other/one").set({"a": 1})
        client.document("orders/one/lines/one").set({"a": 1})
        client.document("orders/grün ").set({"a": {"b": [1]}})
        taken: SimpleQueue[Message] = SimpleQueue()

        def pull() -> None:
            while True:
                for _, message in events.pull(ORDERS.subscription, 1):
                    taken.put(message)
                    return

        threading.Thread(target=pull, daemon=True).start()
        event = event_of(taken.get(timeout=SECONDS))
        assert events.pull(ORDERS.subscription, 1) == []
    assert event.type == "google.cloud.firestore.document.v1.created"
    assert event.data == DocumentChange(path="orders/grün ", after={"a": {"b": [1]}}, before=None)


def test_an_emulator_that_takes_no_trigger(worker: StandIn, settings: CloudSettings) -> None:
    """An emulator that can't register triggers is told of at once."""
    worker.answer = lambda _: 404
    away = replace(settings, firestore_emulator=worker.url.removeprefix("http://"))
    with pytest.raises(ValueError, match="does not take the trigger orders"):
        register(away, ORDERS)


@pytest.mark.parametrize(
    ("name", "headers", "body"),
    [
        ("unknown", {"ce-id": "1", "ce-source": "//s"}, b"e30="),
        ("orders", {"ce-id": "1"}, b"e30="),
        ("orders", {"ce-id": "1", "ce-source": "//s"}, b"{}"),
    ],
)
def test_what_is_no_call_of_the_emulator(name: str, headers: dict[str, str], body: bytes) -> None:
    """A call that can't be one of the emulator's is refused."""
    app = Flask("answering")
    answer_emulator(app, [ORDERS], Events(lambda: NOW))
    answer = app.test_client().post(
        f"/functions/projects/p/triggers/{name}",
        data=body,
        headers=headers | {"Content-Type": "application/protobuf"},
    )
    assert answer.status_code == 400
