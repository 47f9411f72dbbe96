"""Whole documents under compare-and-set: for what is small and changes seldom."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

from jobs.errors import VersionConflict
from jobs.gcp.channel import Refused
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.documents import set_version, version_of
from jobs.gcp.firestore.reading import read
from jobs.gcp.firestore.values import from_value, to_value
from jobs.gcp.firestore.writes import commit_once, delete_once, write_of
from jobs.job.model import NO_VERSION, Version

T = TypeVar("T", bound=msgspec.Struct)


class Records(Generic[T]):
    """The documents of one collection as structs of one kind, which has an `id` and a `version`.

    Every change raises `VersionConflict`, and every method `StoreUnavailable`.
    """

    def __init__(self, firestore: Firestore, collection: str, kind: type[T]) -> None:
        self._firestore = firestore
        self._collection = collection
        self._kind = kind

    def name(self, record_id: str) -> str:
        return self._firestore.name(self._collection, record_id)

    def create(self, record: T) -> T:
        return self._commit(record, self.change(record, NO_VERSION), ())

    def get(self, record_id: str) -> T | None:
        document = self._firestore.get(self.name(record_id))
        return read(document, self.record_of) if document else None

    def save(self, record: T, if_version: Version, beside: Sequence[Any] = ()) -> T:
        """Put the record in the place of that version, and make the writes beside it, or none."""
        return self._commit(record, self.change(record, if_version), beside)

    def delete(self, record_id: str, if_version: Version) -> None:
        delete_once(self._firestore, self.name(record_id), if_version)

    def change(self, record: T, if_version: Version) -> Any:
        """The write that puts the record in the place of that version, or of nothing."""
        fields = dict(to_value(msgspec.structs.asdict(record)).map_value.fields)
        del fields["version"]
        write = write_of(self._firestore, self.name(_id_of(record)), fields)
        if if_version == NO_VERSION:
            write.current_document.exists = False
        else:
            set_version(if_version, write.current_document.update_time)
        return write

    def _commit(self, record: T, write: Any, beside: Sequence[Any]) -> T:
        try:
            (update_time,) = commit_once(self._firestore, [write], beside)
        except Refused as refused:
            raise VersionConflict from refused
        return msgspec.structs.replace(record, version=version_of(update_time))

    def record_of(self, document: Any) -> T:
        fields = {name: from_value(value) for name, value in document.fields.items()}
        fields["version"] = version_of(document.update_time)
        return msgspec.convert(fields, self._kind, builtin_types=(datetime,))


def _id_of(record: msgspec.Struct) -> str:
    found: str = getattr(record, "id")  # noqa: B009 - a struct of any kind that has one
    return found
