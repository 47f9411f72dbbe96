"""What Firestore says of a document that was created, updated or deleted.

https://cloud.google.com/eventarc/docs/run/route-trigger-cloud-firestore
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import DecodeError

from jobs.errors import UndecodableEvent
from jobs.gcp.firestore.values import from_value
from jobs.gcp.messages import message

DocumentEventData = message("google.events.cloud.firestore.v1.DocumentEventData")

DOCUMENT_EVENT: Final = "google.cloud.firestore.document.v1."
"""What these events' types begin with; `created`, `updated`, `deleted` or `written` follows."""
_DOCUMENTS = "/documents/"


@dataclass(frozen=True, kw_only=True)
class DocumentChange:
    """A document's fields, after and before. `path` is one like `orders/17`.

    There is nothing `after` a deletion, nor `before` a creation.
    """

    path: str
    after: Mapping[str, Any] | None
    before: Mapping[str, Any] | None


def document_change(data: bytes) -> DocumentChange:
    """The change that an event's protobuf tells of. Raises `UndecodableEvent`."""
    try:
        event = DocumentEventData.FromString(data)
    except DecodeError as error:
        raise UndecodableEvent(f"The data is no DocumentEventData: {error}") from error
    name = event.value.name or event.old_value.name
    _, found, path = name.partition(_DOCUMENTS)
    if not found:
        raise UndecodableEvent("The event names no document.")
    return DocumentChange(
        path=path,
        after=_fields(event.value) if event.HasField("value") else None,
        before=_fields(event.old_value) if event.HasField("old_value") else None,
    )


def _fields(document: Any) -> dict[str, Any]:
    try:
        return {name: from_value(value) for name, value in document.fields.items()}
    except (ValueError, OverflowError) as error:
        raise UndecodableEvent(f"The document holds what can't be: {error}") from error
