"""What Eventarc sends: CloudEvents over HTTP in binary mode.

https://cloud.google.com/eventarc/docs/cloudevents
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from jobs.errors import UndecodableEvent, UndecodableMessage
from jobs.gcp.firestore.changes import DOCUMENT_EVENT, document_change
from worker.envelope import open_envelope

PREFIX = "ce-"
_REQUIRED = ("id", "source", "type")


@dataclass(frozen=True, kw_only=True)
class CloudEvent:
    """Something that happened, as its source tells it. `source` and `id` name it for good.

    `attributes` are all of the event's attributes, also those of its kind, such as `document` or
    `bucket`. `data` is a `DocumentChange` for Firestore's events, and JSON for all others.
    """

    id: str
    source: str
    type: str
    attributes: Mapping[str, str]
    data: Any


def read_event(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """The event of a request. Raises `UndecodableEvent`.

    An attribute that can't be a header's value (a document's id may end with a blank) makes
    Eventarc send the Pub/Sub message itself, with the attributes among the message's.
    """
    named = {name.lower(): value for name, value in headers.items()}
    content_type = named.get("content-type", "")
    # Headers hold what is beyond ASCII percent-encoded.
    attributes = {name: unquote(value) for name, value in _attributes(named).items()}
    if not attributes:
        try:
            message = open_envelope(body).message
        except UndecodableMessage as error:
            raise UndecodableEvent("The request has no CloudEvent's headers.") from error
        attributes = _attributes(message.attributes)
        content_type = attributes.get("datacontenttype", "")
        body = message.data
    for name in _REQUIRED:
        if not attributes.get(name):
            raise UndecodableEvent(f"The event has no `{name}`.")
    return CloudEvent(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        attributes=attributes,
        data=_data(attributes["type"], content_type, body),
    )


def _attributes(named: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX): value for name, value in named.items() if name.startswith(PREFIX)
    }


def _data(kind: str, content_type: str, body: bytes) -> Any:
    media_type = content_type.partition(";")[0].strip().lower()
    if kind.startswith(DOCUMENT_EVENT):
        if media_type != "application/protobuf":
            raise UndecodableEvent(f"A document's event is a protobuf, not {media_type!r}.")
        return document_change(body)
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UndecodableEvent(f"The event's data is no JSON: {error}") from error
