"""Dead letters in Firestore."""

from datetime import datetime
from typing import Any

import msgspec

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.gcp.channel import Refused
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.queries import add_condition, query_of
from jobs.gcp.firestore.reading import newest, read
from jobs.gcp.firestore.values import from_value, to_value
from jobs.gcp.firestore.writes import Document, Write
from jobs.job.store import Cursor

COLLECTION = "dead_letters"


class FirestoreDeadLetterStore:
    """Keeps the promises of `DeadLetterStore` in one Firestore database."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore

    def add(self, dead_letter: DeadLetter) -> None:
        fields = to_value(dead_letter).map_value.fields
        write = Write(update=Document(name=self._name(dead_letter.id), fields=fields))
        write.current_document.exists = False
        try:
            self._firestore.commit([write])
        except Refused:
            # It is there already: from a delivery before this one, or from this write's first try.
            return

    def get(self, letter_id: str) -> DeadLetter | None:
        document = self._firestore.get(self._name(letter_id))
        return read(document, _letter_of) if document else None

    def list_dead_letters(
        self, limit: int, after: Cursor | None = None, *, reason: Reason | None = None
    ) -> list[DeadLetter]:
        def query(number: int) -> Any:
            made = query_of(COLLECTION, number)
            if reason:
                add_condition(made, "reason", "EQUAL", reason)
            return made

        return newest(
            self._firestore, query, _letter_of, limit=limit, after=after, name_of=self._name
        )

    def delete(self, letter_id: str) -> None:
        self._firestore.commit([Write(delete=self._name(letter_id))])

    def _name(self, letter_id: str) -> str:
        return self._firestore.name(COLLECTION, letter_id)


def _letter_of(document: Any) -> DeadLetter:
    fields = {name: from_value(value) for name, value in document.fields.items()}
    return msgspec.convert(fields, DeadLetter, builtin_types=(datetime,))
