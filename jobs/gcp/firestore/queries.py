"""Structured queries, built from Firestore's own messages.

`infra/` holds the index that each of them needs; the emulator asks for none.
"""

from collections.abc import Callable
from typing import Any, Literal

from jobs.gcp.firestore.values import to_value
from jobs.gcp.messages import message
from jobs.job.store import Cursor

StructuredQuery = message("google.firestore.v1.StructuredQuery")
_CompositeFilter = StructuredQuery.CompositeFilter
_FieldFilter = StructuredQuery.FieldFilter


def query_of(collection: str, limit: int) -> Any:
    """All documents of a collection, at most so many. Conditions are added to it."""
    query = StructuredQuery()
    query.from_.add(collection_id=collection)
    query.limit.value = limit
    return query


def add_condition(
    query: Any,
    field: str,
    operator: Literal["EQUAL", "LESS_THAN", "IN", "ARRAY_CONTAINS"],
    value: Any,
) -> None:
    query.where.composite_filter.op = _CompositeFilter.Operator.Value("AND")
    condition = query.where.composite_filter.filters.add().field_filter
    condition.field.field_path = field
    condition.op = _FieldFilter.Operator.Value(operator)
    condition.value.CopyFrom(to_value(value))


def add_order(query: Any, field: str, direction: Literal["ASCENDING", "DESCENDING"]) -> None:
    order = query.order_by.add()
    order.field.field_path = field
    order.direction = StructuredQuery.Direction.Value(direction)


def newest_first(query: Any, after: Cursor | None, name_of: Callable[[str], str]) -> None:
    """By `created_at` and then by name, both downwards, from behind the cursor's document."""
    add_order(query, "created_at", "DESCENDING")
    add_order(query, "__name__", "DESCENDING")
    if after:
        place = query.start_at.values
        place.append(to_value(after.created_at))
        place.add().reference_value = name_of(after.id)
