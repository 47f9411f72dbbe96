"""What every store of schedules promises: the same tests over memory and over Firestore."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import grpc
import msgspec
import pytest

from jobs.errors import DormouseError, JobExists, StoreUnavailable, VersionConflict
from jobs.gcp.channel import TRIES
from jobs.gcp.firestore import Firestore, stores_in
from jobs.gcp.firestore.schedules import COLLECTION
from jobs.gcp.firestore.values import to_value
from jobs.gcp.firestore.writes import write_of
from jobs.job.retry import RetryPolicy
from jobs.job.spec import JobSpec
from jobs.job.store import Cursor
from jobs.schedules.errors import ScheduleExists, TooManySchedules
from jobs.schedules.model import (
    CatchUp,
    Cron,
    Every,
    Fired,
    Overlap,
    Schedule,
    Skip,
    Timing,
)
from jobs.schedules.store import ScheduleStore
from jobs.settings.settings import Settings
from jobs.stores import Stores
from tests.calls import CountedCalls, Fault, FaultyCalls
from tests.factories import GARBAGE_VERSION, MINUTE, T0, a_job, a_schedule

HOUR = timedelta(hours=1)


@pytest.fixture
def schedules(stores: Stores) -> ScheduleStore:
    return stores.schedules


def _all_set(**changes: Any) -> Schedule:
    fields: dict[str, Any] = {
        "description": "Nightly: 夜",
        "template": JobSpec(
            type="words.say",
            payload=msgspec.Raw(b'{ "text": "caf\\u00e9" }'),
            labels={"team": "blue"},
            max_attempts=7,
            retry=RetryPolicy(first_seconds=3.5),
        ),
        "catch_up": CatchUp.ALL,
        "overlap": Overlap.SKIP,
        "paused_at": T0,
        "last_firing": Fired(at=T0, job_id="0" * 32),
        "last_skip": Skip(at=T0, code="overlap", detail="busy"),
        "fingerprint": "abc",
    }
    return a_schedule(**(fields | changes))


@pytest.mark.parametrize(
    "timing",
    [
        Cron(expression="@daily", time_zone="Europe/Berlin"),
        Every(seconds=90, start=T0 + timedelta(microseconds=1)),
    ],
)
def test_a_schedule_comes_back(schedules: ScheduleStore, timing: Timing) -> None:
    """Every field is kept as it was, whether it is set or not."""
    for schedule in (a_schedule(timing=timing), _all_set(id="1" * 32, timing=timing)):
        kept = schedules.create(schedule)
        assert kept.version
        assert kept.evolve(version=schedule.version) == schedule
        assert schedules.get(schedule.id) == kept


def test_an_id_is_taken_once(schedules: ScheduleStore) -> None:
    """A second schedule under the same id is refused, and changes nothing."""
    kept = schedules.create(a_schedule())
    with pytest.raises(ScheduleExists):
        schedules.create(a_schedule(description="another"))
    assert schedules.get(kept.id) == kept
    assert schedules.get("none") is None


def test_a_change_is_kept_if_nobody_was_quicker(schedules: ScheduleStore) -> None:
    """Each save gets a version; one under an older version changes nothing."""
    first = schedules.create(a_schedule())
    second = schedules.save(_all_set(version=first.version, fire_at=None), before=first)
    assert second.version != first.version
    assert schedules.get(first.id) == second
    for version in (first.version, GARBAGE_VERSION):
        with pytest.raises(VersionConflict):
            schedules.save(second.evolve(description="late"), before=second.evolve(version=version))
    assert schedules.get(first.id) == second


def test_a_change_of_what_is_gone(schedules: ScheduleStore) -> None:
    """What was deleted can neither be saved, nor fired, nor deleted again."""
    kept = schedules.create(a_schedule())
    with pytest.raises(VersionConflict):
        schedules.delete(kept.evolve(version=GARBAGE_VERSION))
    schedules.delete(kept)
    assert schedules.get(kept.id) is None
    attempts: list[Callable[[], object]] = [
        lambda: schedules.save(kept.evolve(description="late"), before=kept),
        lambda: schedules.fire(kept.evolve(fire_at=T0), kept, [a_job()]),
        lambda: schedules.delete(kept),
    ]
    for attempt in attempts:
        with pytest.raises(VersionConflict):
            attempt()


def test_firing_keeps_the_schedule_and_its_jobs(stores: Stores) -> None:
    """The schedule is advanced and its jobs are made, all with good versions."""
    before = stores.schedules.create(a_schedule())
    jobs = [a_job(id=f"job-{number}") for number in range(3)]
    fired, made = stores.schedules.fire(before.evolve(fire_at=T0 + HOUR), before, jobs)
    assert stores.schedules.get(before.id) == fired
    assert fired.fire_at == T0 + HOUR
    assert [job.evolve(version=jobs[0].version) for job in made] == jobs
    assert stores.jobs.get_all([job.id for job in jobs]) == {job.id: job for job in made}
    stores.jobs.save(made[1].evolve(dispatches=2), before=made[1])
    stores.schedules.save(fired.evolve(description="later"), before=fired)


@pytest.mark.parametrize("conflict", [VersionConflict, JobExists])
def test_firing_is_all_or_nothing(stores: Stores, conflict: type[DormouseError]) -> None:
    """If the schedule was changed, or one of the jobs is there, nothing is kept."""
    before = stores.schedules.create(a_schedule())
    latest = before
    if conflict is VersionConflict:
        latest = stores.schedules.save(before.evolve(description="changed"), before=before)
    else:
        stores.jobs.create(a_job(id="job-1", dispatches=7))
    with pytest.raises(conflict):
        stores.schedules.fire(
            before.evolve(fire_at=T0 + HOUR), before, [a_job(id="job-0"), a_job(id="job-1")]
        )
    assert stores.schedules.get(before.id) == latest
    assert stores.jobs.get("job-0") is None


def test_of_many_that_fire_at_once_one_does(stores: Stores) -> None:
    """However many passes fire the same version, the jobs of one of them are made."""
    before = stores.schedules.create(a_schedule())
    start = threading.Barrier(4)
    done: list[int] = []

    def fire(number: int) -> None:
        start.wait()
        try:
            stores.schedules.fire(
                before.evolve(description=f"{number}"), before, [a_job(id=f"job-{number}")]
            )
        except VersionConflict:
            return
        done.append(number)

    threads = [threading.Thread(target=fire, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (winner,) = done
    assert list(stores.jobs.get_all([f"job-{number}" for number in range(4)])) == [f"job-{winner}"]


def test_due(schedules: ScheduleStore) -> None:
    """What fires before a time, the longest due first; the paused never."""
    moments = {"a": T0 + MINUTE, "b": T0, "c": T0 + HOUR, "d": T0 - HOUR, "e": None}
    for name, moment in moments.items():
        schedules.create(a_schedule(id=name, fire_at=moment))
    due = schedules.due(T0 + HOUR, 10)
    assert [schedule.id for schedule in due] == ["d", "b", "a"]
    assert [schedule.id for schedule in schedules.due(T0 + HOUR, 2)] == ["d", "b"]
    assert schedules.due(T0 - HOUR, 10) == []
    paused = schedules.save(due[0].evolve(fire_at=None), before=due[0])
    assert paused not in schedules.due(T0 + HOUR, 10)


@pytest.mark.parametrize("size", [1, 3, 10, 11])
def test_pages(schedules: ScheduleStore, size: int) -> None:
    """Pages together show every schedule once, newest first, ties by id downwards."""
    kept = [
        schedules.create(a_schedule(id=f"{n}", created_at=T0 + n // 3 * MINUTE)) for n in range(10)
    ]
    listed: list[Schedule] = []
    after = None
    while page := schedules.list_schedules(None, None, size, after):
        listed += page
        after = Cursor(created_at=page[-1].created_at, id=page[-1].id)
    assert listed == kept[::-1]


def test_whose_and_of_what_type(schedules: ScheduleStore) -> None:
    """A list of an owner's, or of a type, or of both, shows those; an edit moves it."""
    eve = "user:eve@example.com"
    other = JobSpec(type="words.other", payload=msgspec.Raw(b"{}"))
    kept = {
        "ada": schedules.create(a_schedule(id="0")),
        "eve": schedules.create(a_schedule(id="1", owner=eve)),
        "other": schedules.create(a_schedule(id="2", owner=eve, template=other)),
    }
    assert schedules.list_schedules(eve, None, 9) == [kept["other"], kept["eve"]]
    assert schedules.list_schedules(None, "words.say", 9) == [kept["eve"], kept["ada"]]
    assert schedules.list_schedules(eve, "words.other", 9) == [kept["other"]]
    moved = schedules.save(kept["eve"].evolve(template=other), before=kept["eve"])
    assert schedules.list_schedules(None, "words.other", 9) == [kept["other"], moved]


def test_no_race_makes_more_than_there_may_be(schedules: ScheduleStore) -> None:
    """Of many requests at once so many are kept as the owner may have; the others are told."""
    schedules.create(a_schedule(id="bobs", owner="user:bob@example.com"))

    def create(number: int) -> bool:
        try:
            schedules.create(a_schedule(id=f"{number}"), most=3)
        except TooManySchedules:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        made = list(threads.map(create, range(12)))
    assert made.count(True) == 3
    owned = schedules.list_schedules(a_schedule().owner, None, 20)
    assert len(owned) == 3
    schedules.delete(owned[0])
    assert create(99)
    assert not create(100)


# On Firestore only


@pytest.mark.emulators
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", Fault)
def test_a_firing_whose_answer_was_lost(
    firestore_channel: grpc.Channel,
    emulated: Settings,
    faulty: FaultyCalls,
    counted: CountedCalls,
    fault: Fault,
) -> None:
    """A firing that had to be sent twice is made once, in one commit, and its versions are good."""
    channel = grpc.intercept_channel(firestore_channel, faulty, counted)
    stores = stores_in(Firestore(channel, emulated))
    before = stores.schedules.create(a_schedule())
    counted.clear()
    faulty.faults = [fault]
    fired, (made,) = stores.schedules.fire(before.evolve(fire_at=T0), before, [a_job()])
    assert counted.writes == 2 * counted.methods["Commit"]
    assert stores.schedules.get(before.id) == fired
    assert stores.jobs.get(made.id) == made
    faulty.faults = [fault]
    stores.schedules.delete(fired)
    assert stores.schedules.get(before.id) is None


@pytest.mark.emulators
def test_what_is_no_schedule_is_passed_over(
    firestore_channel: grpc.Channel, emulated: Settings
) -> None:
    """A document that makes no sense keeps no schedule from firing."""
    firestore = Firestore(firestore_channel, emulated)
    schedules = stores_in(firestore).schedules
    schedules.create(a_schedule(id="wrong", fire_at=T0 - MINUTE))
    good = schedules.create(a_schedule(fire_at=T0))
    write = write_of(
        firestore, firestore.name(COLLECTION, "wrong"), {"timing": to_value("whenever")}
    )
    write.update_mask.field_paths.append("timing")
    firestore.commit([write])
    assert schedules.due(T0 + HOUR, 10) == [good]


@pytest.mark.emulators
@pytest.mark.usefixtures("impatient")
def test_a_store_that_is_out_of_reach(
    firestore_channel: grpc.Channel, emulated: Settings, faulty: FaultyCalls
) -> None:
    """What can't be reached says so, and nobody takes it for a conflict."""
    channel = grpc.intercept_channel(firestore_channel, faulty)
    schedules = stores_in(Firestore(channel, emulated)).schedules
    kept = schedules.create(a_schedule())
    calls: list[Callable[[], object]] = [
        lambda: schedules.create(a_schedule(id="other")),
        lambda: schedules.get(kept.id),
        lambda: schedules.save(kept.evolve(description="new"), before=kept),
        lambda: schedules.fire(kept.evolve(fire_at=None), kept, [a_job()]),
        lambda: schedules.delete(kept),
        lambda: schedules.list_schedules(None, None, 9),
        lambda: schedules.due(T0, 9),
    ]
    for call in calls:
        for status in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.PERMISSION_DENIED):
            faulty.status, faulty.faults = status, [Fault.ON_THE_WAY] * TRIES
            with pytest.raises(StoreUnavailable):
                call()
    faulty.faults = []
    assert schedules.get(kept.id) == kept
