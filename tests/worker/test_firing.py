"""What schedules make, and when."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from jobs.dispatch.queue import JobMessage
from jobs.errors import QueueUnavailable, StoreUnavailable, VersionConflict
from jobs.job.model import Job, Status
from jobs.job.spec import JobSpec
from jobs.job.store import Filter
from jobs.memory.jobs import MemoryJobStore, MemoryQueue
from jobs.memory.schedules import MemoryScheduleStore
from jobs.payloads.secret_bindings import NO_SECRETS
from jobs.runtime import MACHINE
from jobs.schedules import transitions
from jobs.schedules.draft import Draft, schedule_for
from jobs.schedules.model import MAX_CATCH_UP, CatchUp, Overlap, Schedule, job_id_at
from jobs.schedules.transitions import GRACE, pause
from tests.factories import Clock, a_registry, a_spec
from worker.parallel import in_parallel
from worker.sweep.schedule_runner import Firings, ScheduleRunner, horizon_of

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


class Harness:
    """The firing, on stores in memory and a clock that moves only when it is slept by."""

    def __init__(self) -> None:
        self.clock = Clock(NOON)
        self.jobs = MemoryJobStore()
        self.schedules = MemoryScheduleStore(self.jobs)
        self.queue = MemoryQueue()
        self.firing = self.firing_with(self.schedules)

    def firing_with(self, schedules: MemoryScheduleStore, **parts: Any) -> ScheduleRunner:
        fields: dict[str, Any] = {
            "jobs": self.jobs,
            "queue": self.queue,
            "registry": a_registry(),
            "secrets": NO_SECRETS,
            "runtime": self.clock.runtime,
        }
        return ScheduleRunner(schedules=schedules, **(fields | parts))

    def plan(self, **draft: Any) -> Schedule:
        """A schedule that was made just now: each minute, if nothing else is said."""
        fields: dict[str, Any] = {
            "owner": "user:ada@example.com",
            "template": JobSpec(type="words.say", payload=msgspec.Raw(b'{"text": "hello"}')),
        }
        if "every_seconds" not in draft:
            fields["cron"] = "* * * * *"
        made = schedule_for(
            Draft(**(fields | draft)), a_registry(), self.clock(), lambda: "a" * 32, NO_SECRETS
        )
        return self.schedules.create(made)

    def now(self, schedule: Schedule) -> Schedule:
        found = self.schedules.get(schedule.id)
        assert found
        return found

    def made(self) -> list[Job]:
        """Every job, the oldest time first."""
        jobs = self.jobs.get_all(
            [one.id for one in self.jobs.list_summaries(Filter(), 10_000)]
        ).values()
        return sorted(jobs, key=lambda job: job.labels["scheduled-for"])

    def times(self) -> list[str]:
        return [job.labels["scheduled-for"] for job in self.made()]

    def dispatched(self) -> list[str]:
        taken = []
        while (data := self.queue.take()) is not None:
            taken.append(JobMessage.decode(data).job_id)
        return taken


@pytest.fixture
def harness() -> Harness:
    return Harness()


def test_a_time_makes_a_job(harness: Harness) -> None:
    """The job is the template's and the owner's, says whose it is, and is dispatched."""
    schedule = harness.plan(every_seconds=60, start_at=NOON + 30 * SECOND)
    assert harness.firing.run() == Firings(fired=1, skipped=0)
    assert harness.clock() == NOON + 30 * SECOND
    (job,) = harness.made()
    assert job.id == job_id_at(schedule.id, NOON + 30 * SECOND)
    assert (job.type, job.owner, bytes(job.payload)) == (
        "words.say",
        "user:ada@example.com",
        b'{"text": "hello"}',
    )
    assert job.labels == {"schedule": schedule.id, "scheduled-for": "2026-03-04T12:00:30Z"}
    assert (job.status, job.run_at, job.max_attempts) == (Status.QUEUED, harness.clock(), 3)
    assert job.trace
    assert harness.dispatched() == [job.id]
    fired = harness.now(schedule)
    assert fired.fire_at == NOON + 90 * SECOND
    assert fired.last_firing
    assert (fired.last_firing.at, fired.last_firing.job_id) == (NOON + 30 * SECOND, job.id)


@pytest.mark.parametrize(
    ("start", "horizon"),
    [
        ("11:59:50.000001", "12:01"),
        ("11:59:59.9", "12:01"),
        ("12:00:00", "12:01"),
        ("12:00:02.5", "12:01"),
        ("12:00:49.9", "12:01"),
        ("12:00:50", "12:02"),
    ],
)
def test_a_pass_leaves_the_next_minute_to_the_next(start: str, horizon: str) -> None:
    """A clock that is a little behind, or a call that is late, skips no minute."""
    now = datetime.fromisoformat(f"2026-03-04T{start}+00:00")
    assert horizon_of(now) == datetime.fromisoformat(f"2026-03-04T{horizon}+00:00")


def test_no_request_is_held_for_a_full_minute(harness: Harness) -> None:
    """A cron time is fired by the sweep that starts with it; the one before does not wait."""
    harness.plan()
    assert harness.firing.run().fired == 0
    assert harness.clock() == NOON
    harness.clock.move(MINUTE + SECOND)
    assert harness.firing.run().fired == 1
    assert harness.clock() == NOON + MINUTE + SECOND
    assert harness.times() == ["2026-03-04T12:01:00Z"]


def test_two_passes_make_one_job(harness: Harness) -> None:
    """Of passes that see the same schedule, one makes its job."""
    schedule = harness.plan()
    harness.clock.move(MINUTE)
    results = [harness.firing._fire(schedule) for _ in range(3)]
    assert [one.fired for one in results] == [1, 0, 0]
    assert len(harness.made()) == len(harness.dispatched()) == 1


def test_a_pause_before_the_moment_wins(harness: Harness) -> None:
    """A pass that waits for the moment fires nothing if somebody was quicker."""
    schedule = harness.plan(every_seconds=60, start_at=NOON + 30 * SECOND)

    def sleep(seconds: float) -> None:
        harness.schedules.save(pause(schedule, harness.clock()), before=schedule)
        harness.clock.sleep(seconds)

    runtime = replace(harness.clock.runtime, sleep=sleep)
    assert harness.firing_with(harness.schedules, runtime=runtime).run().fired == 0
    assert harness.made() == []


def test_more_than_one_query_reads(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where more is due than one query reads, it asks again."""
    monkeypatch.setattr("worker.sweep.schedule_runner.LIMIT", 3)
    template = harness.plan()
    for number in range(10):
        harness.schedules.create(template.evolve(id=f"{number}"))
    harness.clock.move(MINUTE)
    assert harness.firing.run().fired == 11


# Outages


def _outage(harness: Harness, length: timedelta, **draft: Any) -> Schedule:
    schedule = harness.plan(**draft)
    harness.clock.move(length)
    harness.firing.run()
    return harness.now(schedule)


@pytest.mark.parametrize("catch_up", CatchUp)
def test_a_late_sweep_is_no_outage(harness: Harness, catch_up: CatchUp) -> None:
    """Up to the grace every time fires, whatever is to be made up for."""
    schedule = _outage(harness, GRACE, catch_up=catch_up)
    assert harness.times() == ["2026-03-04T12:01:00Z", "2026-03-04T12:02:00Z"]
    assert schedule.last_skip is None


@pytest.mark.parametrize(
    ("catch_up", "times", "missed"),
    [
        (CatchUp.NONE, [], "09:00"),
        (CatchUp.LAST, ["09:00"], "06:00"),
        (CatchUp.ALL, ["15:00", "18:00", "21:00", "00:00", "03:00", "06:00", "09:00"], None),
    ],
)
def test_after_an_outage(
    harness: Harness, catch_up: CatchUp, times: list[str], missed: str | None
) -> None:
    """None of the missed times makes a job, or the last, or each; the schedule says so."""
    schedule = _outage(
        harness, timedelta(hours=23, minutes=30), cron="0 */3 * * *", catch_up=catch_up
    )
    assert [time[11:16] for time in harness.times()] == times
    assert len(harness.dispatched()) == len(times)
    assert (schedule.last_skip and schedule.last_skip.at.strftime("%H:%M")) == missed
    if schedule.last_skip:
        assert schedule.last_skip.code == "missed"
    assert schedule.fire_at == datetime(2026, 3, 5, 12, tzinfo=UTC)


def test_the_last_is_not_made_up_for_if_a_newer_one_fires(harness: Harness) -> None:
    """What `last` is for has been done when a time within the grace fires anyway."""
    _outage(harness, timedelta(hours=5), catch_up=CatchUp.LAST)
    assert [time[11:16] for time in harness.times()] == ["16:58", "16:59", "17:00"]


def test_a_long_outage_is_made_up_for_in_part(harness: Harness) -> None:
    """Of a year's minutes the newest hundred, in one commit; that others were missed is said."""
    schedule = _outage(harness, timedelta(days=365), catch_up=CatchUp.ALL)
    assert len(harness.times()) == MAX_CATCH_UP
    assert harness.times()[0] == "2027-03-04T10:21:00Z"
    assert schedule.last_skip
    assert (schedule.last_skip.at, schedule.last_skip.code) == (NOON + MINUTE, "missed")


def test_large_payloads_fit_into_one_commit(harness: Harness) -> None:
    """Firestore takes ten MiB at once: of the largest payload, 32."""
    payload = msgspec.Raw(msgspec.json.encode({"text": "x" * (256 * 1024 - 12)}))
    template = JobSpec(type="words.say", payload=payload)
    _outage(harness, timedelta(days=1), catch_up=CatchUp.ALL, template=template)
    assert len(harness.made()) == 32


# Overlaps


def test_a_time_is_skipped_while_the_last_job_runs(harness: Harness) -> None:
    """With `skip`, no job is made until the one before is terminal."""
    schedule = harness.plan(overlap=Overlap.SKIP, catch_up=CatchUp.ALL)
    harness.clock.move(MINUTE)
    assert harness.firing.run() == Firings(fired=1, skipped=0)
    harness.clock.move(MINUTE)
    assert harness.firing.run() == Firings(fired=0, skipped=1)
    skip = harness.now(schedule).last_skip
    assert skip
    assert (skip.at, skip.code) == (NOON + 2 * MINUTE, "overlap")
    (job,) = harness.made()
    harness.jobs.save(job.evolve(status=Status.SUCCEEDED, wake_at=None), before=job)
    harness.clock.move(MINUTE)
    assert harness.firing.run().fired == 1
    assert harness.times() == ["2026-03-04T12:01:00Z", "2026-03-04T12:03:00Z"]


def test_jobs_that_may_not_overlap_are_not_made_up_for_together(harness: Harness) -> None:
    """After an outage only the newest time makes a job."""
    _outage(harness, timedelta(hours=3), overlap=Overlap.SKIP, catch_up=CatchUp.ALL)
    assert harness.times() == ["2026-03-04T15:00:00Z"]


def test_a_deleted_job_is_no_overlap(harness: Harness) -> None:
    """A job that is gone keeps nobody waiting."""
    harness.plan(overlap=Overlap.SKIP)
    harness.clock.move(MINUTE)
    harness.firing.run()
    (job,) = harness.made()
    harness.jobs.delete(job.id, job.version)
    harness.clock.move(MINUTE)
    assert harness.firing.run().fired == 1


# Faults


def test_a_job_that_can_not_be_made(harness: Harness) -> None:
    """If this release does not take the template, the time is skipped and the reason is kept."""
    schedule = harness.plan()
    gone = JobSpec(type="words.gone", payload=msgspec.Raw(b"{}"))
    schedule = harness.schedules.save(schedule.evolve(template=gone), before=schedule)
    harness.clock.move(MINUTE)
    assert harness.firing.run() == Firings(fired=0, skipped=1)
    kept = harness.now(schedule)
    assert kept.last_skip
    assert kept.last_skip.code == "unknown_job_type"
    assert "words.gone" in kept.last_skip.detail
    assert kept.fire_at == NOON + 2 * MINUTE


def test_a_queue_that_is_away(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    """If dispatching fails the job is there all the same, for the sweep to dispatch."""

    def away(_job_messages: object) -> None:
        raise QueueUnavailable

    monkeypatch.setattr(harness.queue, "dispatch", away)
    harness.plan()
    harness.clock.move(MINUTE)
    assert harness.firing.run().fired == 1
    (job,) = harness.made()
    assert job.wake_at == harness.clock() + MINUTE


def test_made_anew_under_the_same_key(harness: Harness) -> None:
    """A time that fired before its schedule was deleted and made again fires once."""
    schedule = harness.plan()
    harness.clock.move(MINUTE)
    harness.firing.run()
    latest = harness.now(schedule)
    harness.schedules.delete(latest)
    harness.schedules.create(schedule)
    assert harness.firing.run().fired == 0
    assert len(harness.made()) == 1
    assert harness.now(schedule).fire_at == NOON + 2 * MINUTE


class Away(MemoryScheduleStore):
    def due(self, before: datetime, limit: int) -> list[Schedule]:
        del before, limit
        raise StoreUnavailable


class Quicker(MemoryScheduleStore):
    """Somebody else is quicker, every time."""

    def fire(
        self, schedule: Schedule, before: Schedule, jobs: Sequence[Job]
    ) -> tuple[Schedule, list[Job]]:
        del schedule, before, jobs
        raise VersionConflict


def test_a_conflict_is_left_to_who_was_quicker(harness: Harness) -> None:
    """Nothing is counted, dispatched or tried again."""
    schedules = Quicker(harness.jobs)
    schedules.create(harness.plan())
    harness.clock.move(MINUTE)
    assert harness.firing_with(schedules).run() == Firings(fired=0, skipped=0)
    assert harness.dispatched() == []


def test_side_by_side(harness: Harness) -> None:
    """Parts run at once; if one fails the others are done, and then its error is raised."""
    both = threading.Barrier(2)
    done: list[int] = []

    def part() -> int:
        both.wait(10)
        done.append(1)
        return 7

    assert in_parallel(MACHINE, part, part) == [7, 7]
    with pytest.raises(StoreUnavailable):
        in_parallel(MACHINE, harness.firing_with(Away(harness.jobs)).run, part, part)
    assert len(done) == 4


def test_a_time_that_is_none_any_more_is_skipped(harness: Harness) -> None:
    """After a change of a zone's rules the schedule goes on with its next time."""
    schedule = harness.plan()
    moved = schedule.evolve(fire_at=harness.clock() - 7 * SECOND)
    broken = harness.schedules.save(moved, before=schedule)
    harness.firing.run()
    after = harness.schedules.get(broken.id)
    assert after
    assert after.fire_at
    assert after.fire_at > harness.clock()
    assert after.last_skip
    assert after.last_skip.code == "missed"


def test_one_schedules_fault_is_no_others(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong with one, all the others fire."""
    for number in range(8):
        made = schedule_for(
            Draft(owner="user:ada@example.com", template=a_spec(), cron="* * * * *"),
            a_registry(),
            harness.clock(),
            partial(str, f"{number}" * 32),
            NO_SECRETS,
        )
        harness.schedules.create(made)
    harness.clock.move(timedelta(minutes=1))
    real = transitions.due

    def due(schedule: Schedule, now: datetime) -> transitions.Due:
        if schedule.id.startswith("0"):
            raise IndexError("the first is broken")
        return real(schedule, now)

    monkeypatch.setattr("worker.sweep.schedule_runner.transitions.due", due)
    harness.firing.run()
    assert len(harness.made()) == 7
