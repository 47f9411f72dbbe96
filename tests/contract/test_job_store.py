"""What every job store promises: the same tests over memory and over Firestore."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain, product
from typing import Any

import msgspec
import pytest

from jobs.errors import JobExists, TransitionRefused, VersionConflict
from jobs.job import transitions
from jobs.job.model import (
    NO_VERSION,
    SHARDS,
    AttemptOutcome,
    Job,
    LogLine,
    Progress,
    Status,
    Version,
)
from jobs.job.order import MAX_PAYLOAD_BYTES
from jobs.job.retry import RetryPolicy
from jobs.job.store import (
    PAGE_BYTES,
    SUMMARY_LEAVES_OUT,
    Cursor,
    Filter,
    JobStore,
    fills_a_page,
)
from tests.factories import KEEP_FOR, LEASE, MINUTE, T0, a_job, an_attempt, an_error

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
EVERYTHING = Filter()


def _get(store: JobStore, job_id: str) -> Job:
    job = store.get(job_id)
    assert job is not None
    return job


def _kept_as(job: Job) -> Job:
    """The job without its version, to compare it with one that was not kept."""
    return job.evolve(version=NO_VERSION)


# One job


def test_create_and_get(store: JobStore) -> None:
    """A job that was created is there as it was returned, and has a version."""
    kept = store.create(a_job())
    assert kept.version != NO_VERSION
    assert _kept_as(kept) == a_job()
    assert store.get(kept.id) == kept


def test_create_twice(store: JobStore) -> None:
    """A job can't be created over another one, which stays as it is."""
    kept = store.create(a_job())
    with pytest.raises(JobExists):
        store.create(a_job(labels={"other": "job"}))
    assert store.get(kept.id) == kept


@pytest.mark.parametrize("job_id", ["f" * 32, "absent", "é", "*"])
def test_get_what_is_not_there(store: JobStore, job_id: str) -> None:
    """A job that there is not is no error."""
    store.create(a_job())
    assert store.get(job_id) is None


def test_save(store: JobStore) -> None:
    """A change is kept, and gives the job another version."""
    first = store.create(a_job())
    running = transitions.claim(first, T0, lease=LEASE, worker="w")
    kept = store.save(running, before=first)
    assert kept.version not in {first.version, NO_VERSION}
    assert _kept_as(kept) == _kept_as(running)
    assert store.get(kept.id) == kept


def test_save_again_and_again(store: JobStore) -> None:
    """Each save goes on from the version that the one before returned; none comes twice."""
    job = store.create(a_job())
    versions = [job.version]
    for number in range(10):
        job = store.save(job.evolve(dispatches=number), before=job)
        versions.append(job.version)
    assert len(set(versions)) == len(versions)
    assert _get(store, job.id) == job


def test_save_without_a_change(store: JobStore) -> None:
    """A save that changes no field still is a save: who had the version before it loses."""
    first = store.create(a_job())
    second = store.save(first, before=first)
    with pytest.raises(VersionConflict):
        store.save(first.evolve(dispatches=9), before=first)
    assert _get(store, first.id) == second


def test_save_over_a_newer_version(store: JobStore) -> None:
    """A change of an outdated version is refused, and changes nothing."""
    first = store.create(a_job())
    second = store.save(first.evolve(dispatches=2), before=first)
    with pytest.raises(VersionConflict):
        store.save(first.evolve(dispatches=3), before=first)
    assert _get(store, first.id) == second


FOREIGN = [
    NO_VERSION,
    "1",
    "0.0",
    "0.000000000",
    "another store's version",
    "1772600767.890123000",
    "-1.500000000",
    "999999999999999.000000000",
    "1e5",
    "1772600767.٨٩٠١٢٣٠٠٠",
    "\udce9",
]


@pytest.mark.parametrize("version", FOREIGN)
def test_foreign_versions(store: JobStore, version: str) -> None:
    """A version that this store never gave matches no job, whatever it looks like."""
    kept = store.create(a_job())
    foreign = kept.evolve(version=Version(version))
    # What memory counts up from looks like one of these.
    if kept.version != version:
        with pytest.raises(VersionConflict):
            store.save(foreign.evolve(dispatches=2), before=foreign)
        with pytest.raises(VersionConflict):
            store.delete(kept.id, foreign.version)
    assert store.get(kept.id) == kept


def test_save_what_is_not_there(store: JobStore) -> None:
    """A job that is gone can't be saved, and does not come back."""
    kept = store.create(a_job())
    store.delete(kept.id, kept.version)
    with pytest.raises(VersionConflict):
        store.save(kept.evolve(dispatches=2), before=kept)
    assert store.get(kept.id) is None


@pytest.mark.parametrize("version", FOREIGN)
def test_save_what_never_was(store: JobStore, version: str) -> None:
    """A job that was never created can't be saved, nor deleted, under whatever version."""
    before = a_job(version=Version(version))
    with pytest.raises(VersionConflict):
        store.save(before.evolve(dispatches=2), before=before)
    with pytest.raises(VersionConflict):
        store.delete(before.id, before.version)
    assert store.get(before.id) is None


def test_delete(store: JobStore) -> None:
    """A deleted job is gone, from lists as well, and its id is free."""
    kept = store.create(a_job())
    store.delete(kept.id, kept.version)
    assert store.get(kept.id) is None
    assert store.list_jobs(EVERYTHING, 10) == []
    assert store.due(kept.shard, T0 + LEASE, 10) == []
    again = store.create(a_job())
    assert again.version != kept.version


def test_delete_an_outdated_version(store: JobStore) -> None:
    """A job that was changed since is not deleted."""
    first = store.create(a_job())
    second = store.save(first.evolve(dispatches=2), before=first)
    with pytest.raises(VersionConflict):
        store.delete(first.id, first.version)
    assert store.get(first.id) == second


def test_delete_twice(store: JobStore) -> None:
    """A job that is gone can't be deleted again."""
    kept = store.create(a_job())
    store.delete(kept.id, kept.version)
    with pytest.raises(VersionConflict):
        store.delete(kept.id, kept.version)


# Many jobs


def test_create_all(store: JobStore) -> None:
    """Jobs created together are returned in their order, each with its version."""
    jobs = [a_job(id=f"job-{number}", dispatches=number) for number in range(20)]
    kept = store.create_all(jobs)
    assert [_kept_as(job) for job in kept] == jobs
    for job in kept:
        assert store.get(job.id) == job
        assert store.save(job.evolve(dispatches=99), before=job).dispatches == 99


def test_create_all_or_none(store: JobStore) -> None:
    """If one of the jobs is there already none of the others is created."""
    kept = store.create(a_job(id="job-1"))
    with pytest.raises(JobExists):
        store.create_all([a_job(id=f"job-{number}", dispatches=7) for number in range(3)])
    assert store.get("job-0") is None
    assert store.get("job-1") == kept
    assert store.get("job-2") is None


def test_create_nothing(store: JobStore) -> None:
    """To create no jobs does nothing."""
    assert store.create_all([]) == []


def test_create_many(store: JobStore) -> None:
    """Five hundred jobs can be created at once."""
    jobs = [a_job(id=f"job-{number:03}") for number in range(500)]
    assert len(store.create_all(jobs)) == 500
    assert len(store.list_jobs(EVERYTHING, 1000)) == 500


def test_get_all(store: JobStore) -> None:
    """Of the asked jobs those are returned that there are, by their id."""
    one, two = store.create(a_job(id="one")), store.create(a_job(id="two", dispatches=5))
    store.create(a_job(id="three"))
    assert store.get_all(["two", "absent", "one", "two"]) == {"one": one, "two": two}
    assert store.get_all(["absent"]) == {}
    assert store.get_all([]) == {}


# What is kept


def _big(size: int) -> str:
    return msgspec.json.encode("é" * ((size - 2) // 2)).decode()


FIELDS: dict[str, Any] = {
    "payload": msgspec.Raw(
        b'{"b": 1,  "a":[1e2, 1.0, 12345678901234567890123, "\\u00e9\xc3\xa9"]}'
    ),
    "labels": {"team": "blau", "empty": "", "unicode": "🐭 é ﷽", "a.b`c\\d": "=,="},
    "owner": "serviceAccount:push@p.iam.gserviceaccount.com",
    "max_attempts": 100,
    "status": Status.RUNNING,
    "attempt": 7,
    "progress": Progress(fraction=1 / 3, message="ein Drittel"),
    "result": '{"b":1,"a":null}',
    "error": an_error(message="line\nbreak\t\0 and NUL"),
    "attempts": (
        an_attempt(6, error=an_error(type=None, traceback=None), outcome=AttemptOutcome.LOST),
        an_attempt(7, error=None, outcome=AttemptOutcome.SUCCEEDED),
    ),
    "log": (
        LogLine(number=3, time=T0 + MICROSECOND, level="INFO", text="eins\n🐭"),
        LogLine(number=9, time=T0, level="WARNING", text=""),
    ),
    "created_at": datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "run_at": datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "started_at": datetime(1970, 1, 1, tzinfo=UTC),
    "finished_at": T0 + MICROSECOND,
    "wake_at": T0 + 2 * MICROSECOND,
    "expire_at": T0 + KEEP_FOR,
    "checkpoint": '{"state":{"page":7},"steps":{"one":null}}',
    "retry": RetryPolicy(
        max_attempts=7, first_seconds=0.5, factor=1.5, longest_seconds=60, delays_seconds=(1, 2.5)
    ),
    "notify": "https://example.com/hook?x=é",
    "dispatches": 17,
    "handed_back": 2,
    "worker": "worker-00042-bat",
    "trace": None,
    "fingerprint": "0" * 64,
    "type": "table.profile",
}


def test_every_field_is_tried() -> None:
    """This test knows a telling value for each field of a job."""
    assert set(FIELDS) | {"id", "version"} == set(Job.__struct_fields__)


def test_everything_is_kept(store: JobStore) -> None:
    """A job with a value in every field is kept exactly."""
    job = Job(id="full", **FIELDS)
    kept = store.create(job)
    assert _kept_as(_get(store, "full")) == job
    assert bytes(_get(store, "full").payload) == bytes(job.payload)
    assert store.list_jobs(EVERYTHING, 10) == [kept]


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_each_field_can_be_set_and_unset(store: JobStore, field: str) -> None:
    """Each field can be changed by itself, and changed back, and nothing else changes."""
    first = store.create(Job(**msgspec.structs.asdict(a_job())))
    changed = store.save(first.evolve(**{field: FIELDS[field]}), before=first)
    # Labels are found by what the job was born with.
    assert _kept_as(_get(store, first.id)) == _kept_as(first).evolve(**{field: FIELDS[field]})
    back = store.save(changed.evolve(**{field: getattr(first, field)}), before=changed)
    assert _kept_as(_get(store, first.id)) == _kept_as(back) == _kept_as(first)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": {}},
        {"result": None},
        {"result": "null"},
        {"result": '""'},
        {"checkpoint": ""},
        {"progress": Progress(fraction=0)},
        {"progress": Progress(fraction=1, message="")},
        {"attempts": ()},
        {"payload": msgspec.Raw(b"null")},
        {"payload": msgspec.Raw(b"[]")},
        {"payload": msgspec.Raw(b"0")},
        {"worker": ""},
        {"created_at": datetime(1, 1, 1, tzinfo=UTC)},
        {"created_at": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)},
        {"dispatches": 2**62},
        {"dispatches": -1},
        {"payload": msgspec.Raw(_big(MAX_PAYLOAD_BYTES).encode()), "result": _big(256 * 1024)},
    ],
)
def test_values_at_the_edge(store: JobStore, changes: dict[str, Any]) -> None:
    """Nothing, little, null and the largest allowed are all kept apart."""
    job = a_job(**changes)
    store.create(job)
    assert _kept_as(_get(store, job.id)) == job


# Two at once


def _race(*steps: Callable[[], Any]) -> list[Any]:
    """What each of the steps returns or raises when all start at the same moment."""
    start = threading.Barrier(len(steps))

    def run(step: Callable[[], Any]) -> Any:
        start.wait(30)
        try:
            return step()
        except (JobExists, VersionConflict, TransitionRefused) as error:
            return error

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def _one_won(outcomes: list[Any], loser: type[Exception]) -> Any:
    winners = [one for one in outcomes if not isinstance(one, Exception)]
    losers = [one for one in outcomes if isinstance(one, loser)]
    assert (len(winners), len(losers)) == (1, len(outcomes) - 1)
    return winners[0]


ROUNDS = 10


def test_one_of_two_creates(store: JobStore) -> None:
    """Of two who create the same job at once exactly one does."""
    for number in range(ROUNDS):
        one, two = (a_job(id=f"race-{number}", worker=worker) for worker in "ab")
        outcomes = _race(partial(store.create, one), partial(store.create, two))
        assert store.get(one.id) == _one_won(outcomes, JobExists)


def test_one_of_two_claims(store: JobStore) -> None:
    """Of two who claim the same job at once exactly one does."""
    for number in range(ROUNDS):
        job = store.create(a_job(id=f"race-{number}"))
        a, b = (transitions.claim(job, T0, lease=LEASE, worker=worker) for worker in "ab")
        outcomes = _race(partial(store.save, a, before=job), partial(store.save, b, before=job))
        assert store.get(job.id) == _one_won(outcomes, VersionConflict)


def test_cancel_against_finish(store: JobStore) -> None:
    """When a job is cancelled and finished at once exactly one happens."""
    for number in range(ROUNDS):
        job = store.create(a_job(id=f"race-{number}", status=Status.RUNNING))
        done = transitions.succeed(job, T0, '"done"', keep_for=KEEP_FOR)
        cancelled = transitions.cancel(job, T0, keep_for=KEEP_FOR)
        outcomes = _race(
            partial(store.save, done, before=job),
            partial(store.save, cancelled, before=job),
        )
        assert store.get(job.id) == _one_won(outcomes, VersionConflict)


def test_save_against_delete(store: JobStore) -> None:
    """When a job is changed and deleted at once exactly one happens."""
    for number in range(ROUNDS):
        job = store.create(a_job(id=f"race-{number}", status=Status.FAILED))
        again = transitions.retry(job, T0)
        outcomes = _race(
            partial(store.save, again, before=job),
            partial(store.delete, job.id, job.version),
        )
        assert store.get(job.id) == _one_won(outcomes, VersionConflict)


# Lists


def _ids(jobs: list[Job]) -> list[str]:
    return [job.id for job in jobs]


def test_newest_first(store: JobStore) -> None:
    """A list is newest first, and jobs of one moment are ordered by id downwards."""
    for job_id, seconds in [("b", 1), ("d", 0), ("a", 1), ("e", 2), ("c", 1), ("É", 1)]:
        store.create(a_job(id=job_id, created_at=T0 + seconds * SECOND))
    assert _ids(store.list_jobs(EVERYTHING, 10)) == ["e", "É", "c", "b", "a", "d"]


def test_microseconds_count(store: JobStore) -> None:
    """Jobs a microsecond apart are in their order."""
    store.create(a_job(id="z", created_at=T0))
    store.create(a_job(id="a", created_at=T0 + MICROSECOND))
    assert _ids(store.list_jobs(EVERYTHING, 10)) == ["a", "z"]


def test_listed_jobs_can_be_saved(store: JobStore) -> None:
    """What a list shows is whole: it is what `get` returns, version and all."""
    store.create(Job(id="full", **FIELDS))
    (listed,) = store.list_jobs(EVERYTHING, 10)
    assert listed == _get(store, "full")
    store.save(listed.evolve(dispatches=1), before=listed)


def test_an_empty_list(store: JobStore) -> None:
    """Where there are no jobs there is nothing in the list, from no place on."""
    assert store.list_jobs(EVERYTHING, 10) == []
    assert store.list_jobs(EVERYTHING, 10, Cursor(created_at=T0, id="a")) == []


def test_pages(store: JobStore) -> None:
    """Pages of any size make up the whole list, over all shards and through ties."""
    jobs = [
        a_job(id=f"{number * 7919 % 1000:03}", created_at=T0 + number // 5 * SECOND)
        for number in range(60)
    ]
    store.create_all(jobs)
    assert {job.shard for job in jobs} == set(range(SHARDS))
    jobs.sort(key=lambda job: (job.created_at, job.id), reverse=True)
    for size in (1, 7, 59, 60, 61):
        listed: list[Job] = []
        while page := store.list_jobs(EVERYTHING, size, _behind(listed)):
            assert len(page) == min(size, len(jobs) - len(listed))
            listed += page
        assert _ids(listed) == _ids(jobs)


def _behind(listed: list[Job]) -> Cursor | None:
    return Cursor(created_at=listed[-1].created_at, id=listed[-1].id) if listed else None


def test_a_cursor_needs_no_job(store: JobStore) -> None:
    """A list goes on behind a place though the job that was there is gone."""
    for job_id in ("a", "c"):
        store.create(a_job(id=job_id))
    assert _ids(store.list_jobs(EVERYTHING, 10, Cursor(created_at=T0, id="b"))) == ["a"]
    later = Cursor(created_at=T0 + MICROSECOND, id="a")
    assert _ids(store.list_jobs(EVERYTHING, 10, later)) == ["c", "a"]
    assert store.list_jobs(EVERYTHING, 10, Cursor(created_at=T0, id="a")) == []


def test_new_jobs_do_not_shift_pages(store: JobStore) -> None:
    """A job that comes between two pages makes the second one neither skip nor repeat."""
    for number in range(4):
        store.create(a_job(id=f"job-{number}", created_at=T0 + number * SECOND))
    first = store.list_jobs(EVERYTHING, 2)
    store.create(a_job(id="newer", created_at=T0 + MINUTE))
    second = store.list_jobs(EVERYTHING, 2, _behind(first))
    assert _ids(first + second) == ["job-3", "job-2", "job-1", "job-0"]


OWNERS = ("user:ada@example.com", "user:bob@example.com")
STATUSES = (Status.QUEUED, Status.FAILED)
TYPES = ("words.say", "letter.send")
LABELS: tuple[dict[str, str], ...] = (
    {},
    {"team": "blue"},
    {"team": "blue", "other": "x"},
    {"team": "red"},
    {"blue": "team"},
)


@pytest.fixture
def assorted(store: JobStore) -> list[Job]:
    """One job of each kind, in the order in which they are listed."""
    jobs = [
        a_job(
            id=f"{number:03}",
            created_at=T0 + number * SECOND,
            owner=owner,
            status=status,
            type=kind,
            labels=labels,
        )
        for number, (owner, status, kind, labels) in enumerate(
            product(OWNERS, STATUSES, TYPES, LABELS)
        )
    ]
    return store.create_all(jobs)[::-1]


@pytest.mark.parametrize("label", [None, ("team", "blue"), ("blue", "team"), ("team", "")])
def test_filters(store: JobStore, assorted: list[Job], label: tuple[str, str] | None) -> None:
    """What is asked for must all hold, in every combination, and pages go on within it."""
    for owner, status, kind in product((None, *OWNERS), (None, *STATUSES), (None, *TYPES)):
        where = Filter(owner=owner, status=status, type=kind, label=label)
        expected = [
            job
            for job in assorted
            if (owner in (None, job.owner))
            and (status in (None, job.status))
            and (kind in (None, job.type))
            and (label is None or job.labels.get(label[0]) == label[1])
        ]
        assert store.list_jobs(where, 100) == expected
        first = store.list_jobs(where, 3)
        assert first == expected[:3]
        if first:
            assert store.list_jobs(where, 100, _behind(first)) == expected[3:]


@pytest.mark.parametrize(
    "where",
    [
        Filter(owner="user:nobody@example.com"),
        Filter(owner=""),
        Filter(status=Status.CANCELLED),
        Filter(type="no.such"),
        Filter(label=("team", "green")),
        Filter(label=("TEAM", "blue")),
    ],
)
def test_filters_that_nothing_fits(store: JobStore, assorted: list[Job], where: Filter) -> None:
    """A filter that fits no job shows none."""
    assert assorted
    assert store.list_jobs(where, 10) == []


def test_a_list_follows_changes(store: JobStore) -> None:
    """A job whose status changed is listed under the new one only, at its old place."""
    first = store.create(a_job())
    store.save(transitions.cancel(first, T0, keep_for=KEEP_FOR), before=first)
    assert store.list_jobs(Filter(status=Status.QUEUED), 10) == []
    assert _ids(store.list_jobs(Filter(status=Status.CANCELLED), 10)) == [first.id]


# What is due


def _in_shard(shard: int, count: int) -> list[str]:
    """So many ids of jobs that are in the shard."""
    ids = (f"job-{number}" for number in range(10_000))
    return [job_id for job_id in ids if a_job(id=job_id).shard == shard][:count]


def test_the_longest_due_first(store: JobStore) -> None:
    """What is due comes in the order of its time, and of its id at the same time."""
    ids = _in_shard(3, 6)
    times = [3, 1, 2, 1, 0, 1]
    for job_id, seconds in zip(ids, times, strict=True):
        store.create(a_job(id=job_id, wake_at=T0 + seconds * SECOND))
    expected = [job_id for _, job_id in sorted(zip(times, ids, strict=True))]
    assert _ids(store.due(3, T0 + MINUTE, 10)) == expected
    assert _ids(store.due(3, T0 + MINUTE, 4)) == expected[:4]


def test_due_is_before(store: JobStore) -> None:
    """A job is due before a time if its `wake_at` is earlier, by a microsecond if need be."""
    job = store.create(a_job(wake_at=T0))
    assert store.due(job.shard, T0, 10) == []
    assert store.due(job.shard, T0 + MICROSECOND, 10) == [job]


def test_due_in_its_shard_only(store: JobStore) -> None:
    """Each due job is found in exactly one shard."""
    jobs = store.create_all([a_job(id=f"job-{number}") for number in range(40)])
    found = [store.due(shard, T0 + LEASE, 100) for shard in range(SHARDS)]
    assert all(found)
    assert sorted(_ids(list(chain.from_iterable(found)))) == sorted(_ids(jobs))
    assert all(job.shard == shard for shard, part in enumerate(found) for job in part)


def test_what_is_due_follows_changes(store: JobStore) -> None:
    """A running job is due at its lease's end, a terminal one never, whatever it was before."""
    queued = store.create(a_job(wake_at=T0))
    shard, end_of_time = queued.shard, T0 + timedelta(days=1000)
    running = store.save(transitions.claim(queued, T0, lease=LEASE, worker="w"), before=queued)
    assert store.due(shard, T0 + LEASE, 10) == []
    assert store.due(shard, end_of_time, 10) == [running]
    done = transitions.succeed(running, T0, "null", keep_for=KEEP_FOR)
    store.save(done, before=running)
    assert store.due(shard, end_of_time, 10) == []


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED, Status.RUNNING}))
def test_terminal_jobs_are_not_due(store: JobStore, status: Status) -> None:
    """A job that was created terminal is never due."""
    job = store.create(a_job(status=status))
    assert store.due(job.shard, T0 + timedelta(days=1000), 10) == []


def test_ping(store: JobStore) -> None:
    """A store that can be reached answers."""
    store.ping()


# Counting


def test_open_jobs_are_counted(store: JobStore) -> None:
    """Those that are not terminal, of one owner, up to the number that is asked for."""
    ada, bob = "user:ada@example.com", "user:bob@example.com"
    assert store.count_open(ada, 10) == 0
    for number, status in enumerate([*Status, *Status]):
        store.create(a_job(id=f"ada-{number}", owner=ada, status=status))
    store.create(a_job(id="bob", owner=bob))
    assert store.count_open(ada, 10) == 4
    assert store.count_open(ada, 4) == 4
    assert store.count_open(ada, 3) == 3
    assert store.count_open(bob, 10) == 1


def test_the_count_follows_changes(store: JobStore) -> None:
    """A job counts until it is terminal, and again when it is retried."""
    job = store.create(a_job())
    ended = store.save(transitions.cancel(job, T0, keep_for=KEEP_FOR), job)
    assert store.count_open(job.owner, 10) == 0
    store.save(transitions.retry(ended, T0), ended)
    assert store.count_open(job.owner, 10) == 1


# Lists of large jobs


def test_a_list_ends_early_where_jobs_are_large(store: JobStore) -> None:
    """A page is bounded in bytes, and goes on behind its last job."""
    payload = msgspec.Raw(b'"%b"' % (b"x" * (MAX_PAYLOAD_BYTES - 2)))
    ids = [f"{number:02}" for number in range(40)]
    for job_id in ids:
        store.create(a_job(id=job_id, payload=payload))
    found: list[Job] = []
    while page := store.list_jobs(EVERYTHING, 40, _behind(found)):
        assert len(page) == 40 - len(found) or fills_a_page(page)
        assert sum(len(bytes(job.payload)) for job in page) < PAGE_BYTES + MAX_PAYLOAD_BYTES
        found += page
    assert _ids(found) == ids[::-1]


def test_summaries_are_whole_jobs_but_for_what_is_large(store: JobStore) -> None:
    """A list of summaries is as long as asked for, and lacks only what it says."""
    job = store.create(
        a_job(
            payload=msgspec.Raw(b'{"a": 1}'),
            result='{"b": 2}',
            checkpoint='{"c": 3}',
            log=(LogLine(number=1, time=T0, level="INFO", text="line"),),
        )
    )
    (summary,) = store.list_summaries(EVERYTHING, 10)
    left_out = {"payload": msgspec.Raw(b"null"), "result": None, "checkpoint": None, "log": ()}
    assert summary == job.evolve(**left_out)
    assert set(left_out) == SUMMARY_LEAVES_OUT
