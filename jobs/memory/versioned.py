"""What the stores in memory share: records in versions, and the order of lists."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Generic, Protocol, Self, TypeVar

from jobs.errors import VersionConflict
from jobs.job.model import Version
from jobs.job.store import Cursor


class _Record(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def version(self) -> Version: ...
    def evolve(self, **changes: Any) -> Self: ...


class _Dated(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


R = TypeVar("R", bound=_Record)
D = TypeVar("D", bound=_Dated)


class Versioned(Generic[R]):
    """Frozen records by id under compare-and-set. The store around it holds a lock meanwhile."""

    def __init__(self) -> None:
        self._records: dict[str, R] = {}
        self._versions = itertools.count(1)

    def __contains__(self, record_id: str) -> bool:
        return record_id in self._records

    def get(self, record_id: str) -> R | None:
        return self._records.get(record_id)

    def all(self) -> list[R]:
        return list(self._records.values())

    def expect(self, record_id: str, version: Version) -> None:
        """Raises `VersionConflict` unless that version of the record is there."""
        kept = self._records.get(record_id)
        if kept is None or kept.version != version:
            raise VersionConflict

    def keep(self, record: R) -> R:
        """The record as kept, in a version of its own."""
        version = Version(str(next(self._versions)))
        kept = self._records[record.id] = record.evolve(version=version)
        return kept

    def delete(self, record_id: str, if_version: Version) -> None:
        """Raises `VersionConflict`."""
        self.expect(record_id, if_version)
        del self._records[record_id]


def newest_first(found: Iterable[D], limit: int, after: Cursor | None = None) -> list[D]:
    """One page of a list."""
    kept = [one for one in found if after is None or _place(one) < (after.created_at, after.id)]
    return sorted(kept, key=_place, reverse=True)[:limit]


def _place(one: _Dated) -> tuple[datetime, str]:
    return one.created_at, one.id
