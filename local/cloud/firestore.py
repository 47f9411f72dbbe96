"""Database events: asks the Firestore emulator for them, and reads its calls.

Started with `--functions_emulator=HOST:PORT`, the emulator calls that address for each change that
a registered trigger matches: once, unsigned, and with the event's data in base64.
"""

import base64
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

import urllib3
from flask import Flask, Response, abort, request

from jobs.gcp.firestore.changes import DOCUMENT_EVENT, DocumentEventData
from jobs.gcp.firestore.values import to_value
from jobs.gcp.messages import message
from local.cloud.events import Events
from local.cloud.push import Subscription
from local.cloud.settings import CloudSettings

Document = message("google.firestore.v1.Document")

ASK_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class DocumentTrigger:
    """What happens to which documents is sent to which of the worker's paths.

    `pattern` is one like `orders/{id}`.
    """

    name: str
    pattern: str
    happening: str
    path: str

    @property
    def subscription(self) -> Subscription:
        """Where Eventarc holds the trigger's events until they are taken."""
        name = f"eventarc-{self.name}"
        return Subscription(name=name, topic=name, path=self.path)


EVENTS = DocumentTrigger(
    name="dormouse-events", pattern="events/{id}", happening="created", path="/events"
)
"""Dormouse's own."""


def register(settings: CloudSettings, trigger: DocumentTrigger) -> None:
    """Ask the emulator for the trigger's events from now on. Safe to repeat.

    Raises `urllib3.exceptions.HTTPError`, or `ValueError` if the emulator does not take it.
    """
    answer = urllib3.request(
        "POST",
        f"http://{settings.firestore_emulator}/emulator/v1/projects/{settings.project}"
        f"/eventarcTrigger?eventarcTriggerId={trigger.name}",
        json={
            "eventType": DOCUMENT_EVENT + trigger.happening,
            "database": settings.database,
            "namespace": "(default)",
            "document": {"value": trigger.pattern, "matchType": "PATH_PATTERN"},
        },
        timeout=ASK_SECONDS,
    )
    if answer.status != HTTPStatus.OK:
        raise ValueError(f"The Firestore emulator does not take the trigger {trigger.name}.")


def answer_emulator(app: Flask, triggers: Iterable[DocumentTrigger], events: Events) -> None:
    """Take the emulator's calls, and send them on as Eventarc would."""
    by_name = {trigger.name: trigger for trigger in triggers}

    @app.post("/functions/projects/<project>/triggers/<name>")
    def take_call(project: str, name: str) -> Response:
        del project
        try:
            headers, data = as_eventarc(dict(request.headers), request.get_data())
            events.publish(by_name[name].subscription, headers, data)
        except (KeyError, ValueError) as error:
            abort(Response(f"{error}\n", 400))
        return Response(status=204)


def as_eventarc(headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """Headers and data as Eventarc sends them, of a call of the emulator.

    Raises `KeyError` or `ValueError` if it is none.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    kept = {name: value for name, value in lower.items() if name.startswith("ce-")}
    return {
        **kept,
        "content-type": lower["content-type"],
        # The emulator says `projects` twice.
        "ce-source": kept["ce-source"].replace("/projects/projects/", "/projects/"),
    }, base64.b64decode(body, validate=True)


def creation(
    settings: CloudSettings, path: str, fields: Mapping[str, Any], now: datetime
) -> tuple[dict[str, str], bytes]:
    """The event of a document that was created where there is no emulator to tell of it."""
    source = f"projects/{settings.project}/databases/{settings.database}"
    event = DocumentEventData()
    event.value.name = f"{source}/documents/{path}"
    # The events' values are Firestore's own under another name.
    document = Document(fields={name: to_value(value) for name, value in fields.items()})
    event.value.MergeFromString(document.SerializeToString())
    return {
        "ce-specversion": "1.0",
        "ce-id": secrets.token_hex(16),
        "ce-type": f"{DOCUMENT_EVENT}created",
        "ce-source": f"//firestore.googleapis.com/{source}",
        "ce-subject": f"documents/{path}",
        "ce-time": now.isoformat(),
        "ce-document": path,
        "content-type": "application/protobuf",
    }, event.SerializeToString()
