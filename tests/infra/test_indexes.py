"""Every query of the stores against the indexes that Terraform makes: the emulator asks for none.

An index serves a query if it ends in the query's order and begins with filters of the query only.
Several such indexes serve it together if they name all of its filters between them.
https://cloud.google.com/firestore/docs/query-data/index-overview#taking_advantage_of_index_merging
"""

import ast
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.events.model import Event
from jobs.gcp.firestore import (
    Firestore,
    FirestoreDeadLetterStore,
    FirestoreEventStore,
    FirestoreJobStore,
    FirestoreScheduleStore,
    FirestoreWebhookStore,
    documents,
    schedules,
)
from jobs.gcp.firestore.queries import StructuredQuery
from jobs.job.model import SHARDS, Job, Status
from jobs.job.store import Cursor, Filter
from jobs.quota import Quota
from jobs.webhooks.model import NotifyKey, Webhook
from local.processes import ROOT
from tests.infra.terraform import INFRA

LIST = json.loads((INFRA / "firestore-indexes.json").read_text())
NOW = datetime(2026, 1, 1, tzinfo=UTC)

_Operator = StructuredQuery.FieldFilter.Operator
_EQUALITIES = {"EQUAL": "ASCENDING", "IN": "ASCENDING", "ARRAY_CONTAINS": "CONTAINS"}

Field = tuple[str, str]
"""A field's path, and how an index keeps it."""


@dataclass(frozen=True)
class Index:
    collection: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Query:
    """What an index must know of a query."""

    collection: str
    filters: frozenset[Field]
    order: tuple[Field, ...]

    def __str__(self) -> str:
        # The same in every process: a set's own order is not.
        return f"{self.collection} where {sorted(self.filters)} by {self.order}"

    @classmethod
    def of(cls, query: Any) -> "Query":
        filters = set()
        unequal = []
        for one in query.where.composite_filter.filters:
            operator = _Operator.Name(one.field_filter.op)
            path = one.field_filter.field.field_path
            if operator in _EQUALITIES:
                filters.add((path, _EQUALITIES[operator]))
            else:
                unequal.append(path)
        order = [
            (one.field.field_path, StructuredQuery.Direction.Name(one.direction))
            for one in query.order_by
        ]
        # Every index ends in the name, in the direction of the field before.
        if order[-1][0] == "__name__":
            assert order.pop()[1] == order[-1][1]
        assert unequal in ([], [order[0][0]])
        return cls(query.from_[0].collection_id, frozenset(filters), tuple(order))

    def is_covered(self, indexes: Sequence[Index]) -> bool:
        served: set[Field] = set()
        some = False
        for index in indexes:
            if (
                index.collection != self.collection
                or index.fields[-len(self.order) :] != self.order
            ):
                continue
            filters = set(index.fields[: -len(self.order)])
            if filters <= self.filters:
                served |= filters
                some = True
        return some and served == self.filters


class Asked(Firestore):
    """Keeps the queries that it is asked, and finds nothing."""

    def __init__(self) -> None:
        self.queries: list[Any] = []

    def name(self, collection: str, document_id: str) -> str:
        return f"projects/p/databases/(default)/documents/{collection}/{document_id}"

    def query(self, query: Any) -> list[Any]:
        self.queries.append(query)
        return []

    def query_within(self, query: Any, max_bytes: int) -> tuple[list[Any], bool]:
        assert max_bytes
        return self.query(query), False

    def count(self, query: Any) -> int:
        self.queries.append(query)
        return 0


def every_query() -> Iterator[Query]:
    asked = Asked()
    jobs, dead_letters = FirestoreJobStore(asked), FirestoreDeadLetterStore(asked)
    cursors = (None, Cursor(NOW, "id"))
    for owner, status, kind, label, after in itertools.product(
        (None, "user:ada@example.com"),
        (None, Status.QUEUED),
        (None, "noun.verb"),
        (None, ("name", "value")),
        cursors,
    ):
        where = Filter(owner=owner, status=status, type=kind, label=label)
        jobs.list_jobs(where, 10, after)
        jobs.list_summaries(where, 10, after)
    for shard in range(SHARDS):
        jobs.due(shard, NOW, 10)
    jobs.count_open("user:ada@example.com", 10)
    FirestoreEventStore(asked).due(NOW, 10)
    webhooks = FirestoreWebhookStore(asked)
    webhooks.list_enabled(10)
    webhooks.list_enabled(10, owner="user:ada@example.com")
    for one, after in itertools.product((None, "user:ada@example.com"), cursors):
        webhooks.list_webhooks(10, after, owner=one)
    planned = FirestoreScheduleStore(asked)
    for owner, kind, after in itertools.product(
        (None, "user:ada@example.com"), (None, "noun.verb"), cursors
    ):
        planned.list_schedules(owner, kind, 10, after)
    planned.due(NOW, 10)
    for reason, after in itertools.product((None, Reason.UNDELIVERED), cursors):
        dead_letters.list_dead_letters(10, after, reason=reason)
    return map(Query.of, asked.queries)


def composite() -> list[Index]:
    return [
        Index(
            index["collection"],
            tuple((one["path"], one.get("order") or one["array"]) for one in index["fields"]),
        )
        for index in LIST["indexes"]
    ]


def written(collection: str) -> set[str]:
    """The fields of a collection's documents."""
    if collection == "jobs":
        own = {documents.SHARD, documents.LABEL_PAIRS, documents.WRITE_ID}
        return own | set(documents.FIELDS)
    if collection == "events":
        return {documents.SHARD, *Event.__struct_fields__}
    kinds: dict[str, type[msgspec.Struct]] = {
        "webhooks": Webhook,
        "notify_keys": NotifyKey,
        "webhook_quotas": Quota,
        "schedule_quotas": Quota,
    }
    if collection in kinds:
        return {documents.WRITE_ID, *kinds[collection].__struct_fields__} - {"version"}
    if collection == "schedules":
        return {documents.WRITE_ID, *schedules.FIELDS}
    return set(DeadLetter.__struct_fields__)


def single(collection: str) -> list[Index]:
    """What Firestore keeps of each field that is not taken out."""
    kept = written(collection) - set(LIST["unindexed"][collection])
    return [
        Index(collection, ((field, order),))
        for field in sorted(kept)
        for order in ("ASCENDING", "DESCENDING")
    ]


COLLECTIONS = tuple(LIST["unindexed"])
ALL = [*composite(), *itertools.chain.from_iterable(map(single, COLLECTIONS))]


@pytest.mark.parametrize("query", sorted(set(every_query()), key=str), ids=str)
def test_a_query_has_its_indexes(query: Query) -> None:
    """In the cloud a query without an index is refused."""
    assert query.is_covered(ALL)


@pytest.mark.parametrize("index", ALL, ids=repr)
def test_an_index_has_its_query(index: Index) -> None:
    """An index that no query needs only makes every write slower."""
    without = [other for other in ALL if other != index]
    both = [*without, Index(index.collection, index.fields)]
    needed = any(
        query.is_covered(both) and not query.is_covered(without) for query in every_query()
    )
    # Firestore keeps a field both ways or not at all.
    (field, order), *others = index.fields
    other_way = {"ASCENDING": "DESCENDING", "DESCENDING": "ASCENDING"}.get(order, "")
    way_back = Query(index.collection, frozenset(), ((field, other_way),))
    assert needed or (not others and way_back in every_query())


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_no_field_is_taken_out_that_does_not_exist(collection: str) -> None:
    """The list of fields without an index of their own keeps up with the documents."""
    unindexed = LIST["unindexed"][collection]
    assert sorted(set(unindexed)) == unindexed
    assert set(unindexed) <= written(collection)


def test_no_index_of_what_comes_often_is_written_at_one_place() -> None:
    """Each begins with the shard: an index over a growing time takes 500 writes a second."""
    for index in ALL:
        if index.collection in {"jobs", "events"}:
            assert index.fields[0] == ("shard", "ASCENDING")


def test_every_query_of_the_stores_is_known_here() -> None:
    """A store that asks a new query must be asked for it above."""
    callers = [
        function.name
        for path in sorted((ROOT / "jobs" / "gcp" / "firestore").glob("*.py"))
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef)
        and any(
            isinstance(call, ast.Call)
            and (
                (
                    isinstance(call.func, ast.Attribute)
                    and call.func.attr in {"query", "query_within", "count"}
                )
                or (isinstance(call.func, ast.Name) and call.func.id == "newest")
            )
            for call in ast.walk(function)
        )
    ]
    assert sorted(callers) == [
        "_newest",
        "count_open",
        "due",
        "due",
        "due",
        "list_dead_letters",
        "list_jobs",
        "list_schedules",
        "list_summaries",
        "newest",
    ]


def test_a_query_that_lacks_an_index_is_noticed() -> None:
    """What these tests go by refuses a filter that no index has, and an order that none ends in."""
    order = (("created_at", "DESCENDING"),)
    shard = ("shard", "ASCENDING")
    unknown = Query("jobs", frozenset({shard, ("worker", "ASCENDING")}), order)
    assert not unknown.is_covered(ALL)
    assert not Query("jobs", frozenset({shard}), (("run_at", "ASCENDING"),)).is_covered(ALL)
    assert not Query("jobs", frozenset(), order).is_covered(ALL)


@pytest.mark.parametrize(("collection", "kind"), [("jobs", Job), ("events", Event)])
def test_what_is_over_expires_by_its_own_time(collection: str, kind: type[Job | Event]) -> None:
    """Firestore deletes by the field that a terminal job, and an event, carries."""
    assert LIST["ttl"].keys() == {"jobs", "events"}
    assert LIST["ttl"][collection] in kind.__struct_fields__
    assert LIST["ttl"][collection] in LIST["unindexed"][collection]
