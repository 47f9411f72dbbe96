"""Reads what is in the documents, one by one: what can't be read keeps nobody from the rest."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any, Final, TypeVar

import msgspec

from jobs.errors import Unreadable
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.queries import newest_first
from jobs.job.store import Cursor
from jobs.telemetry.log import log_fields

T = TypeVar("T")
ROUNDS: Final = 10
"""How often a page is filled up for what could not be read. After that it may be short."""
QUERY_BYTES: Final = 4 * 1024 * 1024
"""How much is read at a time, so that no list holds more than a few of these in memory."""
_WRONG: Final = (KeyError, AttributeError, TypeError, ValueError, msgspec.ValidationError)


def read(document: Any, of: Callable[[Any], T]) -> T:
    """What the document holds. Raises `Unreadable`, such as for one of a newer release."""
    try:
        return of(document)
    except _WRONG as error:
        name, why = document.name, str(error)
        log_fields("document.unreadable", level=logging.ERROR, document=name, reason=why)
        raise Unreadable from error


def readable(documents: Iterable[Any], of: Callable[[Any], T]) -> list[T]:
    """What those documents hold that can be read. The others are logged and passed over."""
    found = []
    for document in documents:
        try:
            found.append(read(document, of))
        except Unreadable:
            continue
    return found


def newest(
    firestore: Firestore,
    query_of: Callable[[int], Any],
    of: Callable[[Any], T],
    *,
    limit: int,
    after: Cursor | None,
    name_of: Callable[[str], str],
    is_enough: Callable[[list[T]], bool] = lambda _: False,
) -> list[T]:
    """The first `limit` that can be read behind the cursor, newest first; fewer only at the end.

    Or if they are enough before. `query_of` makes the query of so many documents, without its
    order.
    """
    found: list[T] = []
    for _ in range(ROUNDS):
        query = query_of(limit - len(found))
        newest_first(query, after, name_of)
        documents, is_cut = firestore.query_within(query, QUERY_BYTES)
        found += readable(documents, of)
        at_end = len(documents) < query.limit.value and not is_cut
        if len(found) >= limit or at_end or is_enough(found):
            break
        after = _place(documents[-1])
    return found


def _place(document: Any) -> Cursor:
    """Where a list goes on behind a document, whatever else is in that: it was ordered by these."""
    created_at = document.fields["created_at"].timestamp_value.ToDatetime(tzinfo=UTC)
    return Cursor(created_at=created_at, id=document.name.rpartition("/")[2])
