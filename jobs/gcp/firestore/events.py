"""Events in Firestore."""

from datetime import datetime
from typing import Any

import msgspec

from jobs.events.model import Event
from jobs.gcp.channel import Refused
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.documents import SHARD
from jobs.gcp.firestore.queries import add_condition, add_order, query_of
from jobs.gcp.firestore.reading import read, readable
from jobs.gcp.firestore.values import from_value, to_value
from jobs.gcp.firestore.writes import Document, Write
from jobs.job.model import SHARDS

COLLECTION = "events"


def event_write(firestore: Firestore, event: Event) -> Any:
    """The write that keeps the event, for the commit of what it tells of."""
    fields = to_value(msgspec.structs.asdict(event)).map_value.fields
    document = Document(name=firestore.name(COLLECTION, event.id), fields=fields)
    document.fields[SHARD].CopyFrom(to_value(event.shard))
    return Write(update=document)


class FirestoreEventStore:
    """Keeps the promises of `EventStore` in one Firestore database."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore

    def get(self, event_id: str) -> Event | None:
        document = self._firestore.get(self._name(event_id))
        return read(document, _event_of) if document else None

    def due(self, before: datetime, limit: int) -> list[Event]:
        query = query_of(COLLECTION, limit)
        # One query over all shards: Firestore merges their index ranges.
        add_condition(query, SHARD, "IN", list(range(SHARDS)))
        add_condition(query, "wake_at", "LESS_THAN", before)
        add_order(query, "wake_at", "ASCENDING")
        return readable(self._firestore.query(query), _event_of)

    def postpone(self, event: Event, until: datetime) -> None:
        fields = {"wake_at": to_value(until)}
        write = Write(update=Document(name=self._name(event.id), fields=fields))
        write.update_mask.field_paths.append("wake_at")
        write.current_document.exists = True
        try:
            self._firestore.commit([write])
        except Refused:
            # It is gone: somebody else has told it.
            return

    def delete(self, event_id: str) -> None:
        self._firestore.commit([Write(delete=self._name(event_id))])

    def _name(self, event_id: str) -> str:
        return self._firestore.name(COLLECTION, event_id)


def _event_of(document: Any) -> Event:
    fields = {name: from_value(value) for name, value in document.fields.items()}
    return msgspec.convert(fields, Event, builtin_types=(datetime,))
