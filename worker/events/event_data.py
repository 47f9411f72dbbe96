"""What of an event a trigger's payload may refer to."""

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import msgspec

from jobs.errors import UndecodableEvent
from jobs.gcp.firestore.changes import DocumentChange
from jobs.triggers.pattern import Pattern
from jobs.triggers.trigger import Trigger
from worker.events.cloud_events import CloudEvent


class _Message(msgspec.Struct, frozen=True):
    data: str = ""
    attributes: dict[str, str] = {}


class _Published(msgspec.Struct, frozen=True):
    """https://github.com/googleapis/google-cloudevents, `pubsub/v1/data.proto`."""

    message: _Message


class _Object(msgspec.Struct, frozen=True):
    """What is asked of https://cloud.google.com/storage/docs/json_api/v1/objects."""

    bucket: str
    name: str


def event_data(trigger: Trigger, event: CloudEvent) -> Mapping[str, Any] | None:
    """The roots of references and what is below them; None if the event is not for the trigger.

    `event` has the event's attributes. `data` is what it is about: a document's fields, as they are
    or last were; a message, as JSON if it is JSON; an object's metadata. `before` has a document's
    earlier fields, `params` what the pattern's names stand for, `attributes` those of a message.
    Raises `UndecodableEvent`.
    """
    if event.type != trigger.event_type:
        return None
    about = _about(trigger, event.data)
    return None if about is None else {"event": event.attributes, **about}


def _about(trigger: Trigger, data: Any) -> Mapping[str, Any] | None:
    if isinstance(data, DocumentChange):
        return _document(trigger, data)
    try:
        if trigger.kind == "topic":
            return _message(msgspec.convert(data, _Published).message)
        found = msgspec.convert(data, _Object)
    except msgspec.ValidationError as error:
        raise UndecodableEvent(f"The event's data is not of its type: {error}") from error
    if found.bucket != trigger.bucket:
        return None
    fits = found.name.startswith(trigger.prefix) and found.name.endswith(trigger.suffix)
    return {"data": data} if fits else None


def _document(trigger: Trigger, change: DocumentChange) -> Mapping[str, Any] | None:
    params = Pattern(trigger.document or "").match(change.path)
    if params is None:
        return None
    fields = change.before if change.after is None else change.after
    return {"data": fields or {}, "params": params, "before": change.before or {}}


def _message(message: _Message) -> Mapping[str, Any]:
    try:
        raw = b64decode(message.data, validate=True)
    except ValueError as error:
        raise UndecodableEvent("The message's data is no base64.") from error
    return {"data": _as_json(raw, message.data), "attributes": message.attributes}


def _as_json(raw: bytes, encoded: str) -> Any:
    """JSON as what it says, other text as it is, anything else in base64."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return encoded
