"""Documents of a newer release, under today's code: each harms itself alone."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import grpc
import pytest

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.errors import Unreadable
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.stores import stores_in
from jobs.gcp.firestore.values import to_value
from jobs.gcp.firestore.writes import write_of
from jobs.job.store import Cursor, Filter
from jobs.settings.settings import Settings
from jobs.stores import Stores
from tests.factories import MINUTE, T0, a_job, a_schedule, a_webhook, an_event

pytestmark = pytest.mark.emulators

OWNER = "user:ada@example.com"
ANYTHING = Filter(owner=OWNER)
LATER = T0 + timedelta(days=1)
NEWER: dict[str, tuple[dict[str, Any], ...]] = {
    "jobs": (
        {"status": "waiting"},
        {"payload": 5},
        {"attempts": [{"number": 1, "outcome": "deferred"}]},
        {"retry": {"max_attempts": "as many as it takes"}},
    ),
    "schedules": ({"timing": {"kind": "moon"}}, {"catch_up": "some"}, {"template": "t"}),
    "webhooks": ({"events": ["job.paused"]}, {"secrets": None}),
    "events": ({"type": "job.paused"}, {"webhooks": "all"}),
    "dead_letters": ({"reason": "too_old"}, {"attributes": ["a"]}),
}
"""What tomorrow may bring: statuses, kinds of events, forms. Each is put into a good document."""


class Database:
    """The stores of one database, and a hand that writes what they would not."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore
        self.stores: Stores = stores_in(firestore)

    def change(self, collection: str, name: str, fields: dict[str, Any]) -> None:
        values = {field: to_value(value) for field, value in fields.items()}
        write = write_of(self._firestore, self._firestore.name(collection, name), values)
        write.update_mask.field_paths.extend(values)
        self._firestore.commit([write])

    def add(self, collection: str, name: str, minutes: int) -> None:
        """A good document, so many minutes old: the lower the newer."""
        at, stores = T0 - minutes * MINUTE, self.stores
        match collection:
            case "jobs":
                stores.jobs.create(a_job(id=name, created_at=at, wake_at=at))
            case "schedules":
                stores.schedules.create(a_schedule(id=name, created_at=at, fire_at=at))
            case "webhooks":
                stores.webhooks.create(a_webhook(id=name, created_at=at))
            case "events":
                job = stores.jobs.create(a_job(id=f"of-{name}"))
                stores.jobs.save(job, before=job, event=an_event(id=name, wake_at=at))
            case _:
                stores.dead_letters.add(
                    DeadLetter(
                        id=name,
                        created_at=at,
                        reason=Reason.UNDELIVERED,
                        detail="",
                        data="",
                        attributes={},
                    )
                )

    def lists(self, collection: str) -> dict[str, Callable[[int, Any], list[Any]]]:
        """Every way to get many, by name: (limit, after) -> what was found."""
        stores = self.stores
        ways: dict[str, dict[str, Callable[[int, Any], list[Any]]]] = {
            "jobs": {"list": lambda n, after: stores.jobs.list_jobs(ANYTHING, n, after)},
            "schedules": {
                "list": lambda n, after: stores.schedules.list_schedules(OWNER, None, n, after),
                "due": lambda n, _: stores.schedules.due(LATER, n + 9),
            },
            "webhooks": {
                "list": stores.webhooks.list_webhooks,
                "enabled": lambda n, _: stores.webhooks.list_enabled(n),
            },
            "events": {"due": lambda n, _: stores.events.due(LATER, n + 9)},
            "dead_letters": {"list": stores.dead_letters.list_dead_letters},
        }
        return ways[collection]

    def get(self, collection: str, name: str) -> Any:
        store: Any = getattr(self.stores, collection)
        return store.get(name)


@pytest.fixture
def database(firestore_channel: grpc.Channel, emulated: Settings) -> Database:
    return Database(Firestore(firestore_channel, emulated))


@pytest.mark.parametrize(
    ("collection", "newer"),
    [(name, newer) for name, changes in NEWER.items() for newer in changes],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_a_newer_document_hides_no_other(
    database: Database, collection: str, newer: dict[str, Any]
) -> None:
    """Every list and look-up by many gives all the others, in pages that are full till the end."""
    names = [f"{number:032x}" for number in range(5)]
    for minutes, name in enumerate(names):
        database.add(collection, name, minutes)
    for name in names[1:3]:
        database.change(collection, name, newer)
    good = [names[0], *names[3:]]
    for way, many in database.lists(collection).items():
        found = many(3, None)
        assert sorted(one.id for one in found) == sorted(good), way
        if way == "list":
            first = many(1, None)
            rest = many(2, Cursor(created_at=first[0].created_at, id=first[0].id))
            assert [one.id for one in first + rest] == good
    for name in names[1:3]:
        with pytest.raises(Unreadable):
            database.get(collection, name)
    assert database.get(collection, names[0])


def test_look_ups_by_many_give_what_they_can(database: Database) -> None:
    """A batch's repeated keys, and the sweep, find the good ones."""
    for minutes, name in enumerate(("a" * 32, "b" * 32)):
        database.add("jobs", name, minutes)
    database.change("jobs", "a" * 32, {"status": "waiting"})
    jobs = database.stores.jobs
    assert jobs.get_all(["a" * 32, "b" * 32]).keys() == {"b" * 32}
    due = [one.id for shard in range(64) for one in jobs.due(shard, LATER, 10)]
    assert due == ["b" * 32]


def test_a_field_of_a_newer_release_survives(database: Database) -> None:
    """What today's code does not know stays in a job's and a schedule's document when it saves."""
    stores = database.stores
    database.add("jobs", "a" * 32, 1)
    database.change("jobs", "a" * 32, {"tomorrow": "kept"})
    job = stores.jobs.get("a" * 32)
    assert job
    stores.jobs.save(job.evolve(dispatches=7), before=job)
    raw = database._firestore.get(database._firestore.name("jobs", "a" * 32))
    assert raw.fields["tomorrow"].string_value == "kept"
