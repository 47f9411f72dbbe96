"""What is promised of firing, whatever happens: no time twice, and none lost that is to be made up.

What must hold is counted beside the stores, by a timetable that was never asked in the middle.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jobs.errors import StoreUnavailable
from jobs.job.model import Job
from jobs.job.store import Filter
from jobs.memory.jobs import MemoryJobStore, MemoryQueue
from jobs.memory.schedules import MemoryScheduleStore
from jobs.payloads.secret_bindings import NO_SECRETS
from jobs.schedules.model import MAX_CATCH_UP, CatchUp, Cron, Every, Schedule, Timing
from jobs.schedules.timetable import next_time, times_after
from jobs.schedules.transitions import GRACE, edit, pause, resume
from tests.factories import MINUTE, T0, Clock, a_registry, a_schedule
from tests.faulty import Fault
from worker.sweep.schedule_runner import ScheduleRunner

TIMINGS: st.SearchStrategy[Timing] = st.sampled_from(
    [
        Cron(expression="*/5 * * * *", time_zone="UTC"),
        Cron(expression="7 * * * *", time_zone="Europe/Berlin"),
        Cron(expression="30 2 * * *", time_zone="Europe/Berlin"),
        Every(seconds=240, start=T0),
        Every(seconds=3700, start=T0 - MINUTE),
    ]
)
STARTS = st.sampled_from([T0, T0.replace(month=3, day=28), T0.replace(month=10, day=24)])
WAITS = st.sampled_from([1, 29, 60, 61, 119, 121, 600, 7200]).map(lambda s: timedelta(seconds=s))


class FaultyScheduleStore(MemoryScheduleStore):
    """Raises `StoreUnavailable` at the next firing once `fault` is set."""

    fault: Fault | None = None

    def fire(
        self, schedule: Schedule, before: Schedule, jobs: Sequence[Job]
    ) -> tuple[Schedule, list[Job]]:
        fault, self.fault = self.fault, None
        if fault is Fault.NOT_MADE:
            raise StoreUnavailable
        fired = super().fire(schedule, before, jobs)
        if fault is Fault.MADE:
            raise StoreUnavailable
        return fired


class Promises(RuleBasedStateMachine):
    @initialize(timing=TIMINGS, catch_up=st.sampled_from(CatchUp), start=STARTS)
    def create(self, timing: Timing, catch_up: CatchUp, start: datetime) -> None:
        self.clock = Clock(start)
        self.jobs = MemoryJobStore()
        self.schedules = FaultyScheduleStore(self.jobs)
        self.firing = ScheduleRunner(
            schedules=self.schedules,
            jobs=self.jobs,
            queue=MemoryQueue(),
            registry=a_registry(),
            secrets=NO_SECRETS,
            runtime=self.clock.runtime,
        )
        self.schedules.create(
            a_schedule(
                timing=timing,
                catch_up=catch_up,
                created_at=start,
                fire_at=next_time(timing, start),
            )
        )
        self.seen: list[Schedule] = []
        self.spans: list[tuple[Timing, datetime, datetime]] = []
        """When it was active, and by which timetable: each from a moment until a later one."""
        self.active_since: datetime | None = start

    # What happens

    @rule(wait=WAITS)
    def wait(self, wait: timedelta) -> None:
        """Nobody sweeps meanwhile."""
        self.clock.move(wait)

    @rule(fault=st.sampled_from([None, None, *Fault]))
    def sweep(self, fault: Fault | None) -> None:
        self.schedules.fault = fault
        try:
            self.firing.run()
        except StoreUnavailable:
            return
        finally:
            self.schedules.fault = None
        self.nothing_is_lost()

    @rule()
    def look(self) -> None:
        """A pass reads the schedule, and does what it does about it some time later."""
        self.seen += self.schedules.due(self.clock() + MINUTE, 9)

    @precondition(lambda self: self.seen)
    @rule()
    def act(self) -> None:
        for _ in self.firing._each_at_its_moment(self.seen[:1]):
            self.firing._fire(self.seen.pop(0))

    @rule()
    def pause(self) -> None:
        before = self._schedule()
        if before.paused_at is None:
            self._close()
            self.active_since = None
        self._save(pause(before, self.clock()))

    @rule()
    def resume(self) -> None:
        before = self._schedule()
        if before.paused_at:
            self.active_since = self.clock()
        self._save(resume(before, self.clock()))

    @rule(timing=TIMINGS, moves=st.booleans())
    def edit(self, timing: Timing, moves: bool) -> None:
        before = self._schedule()
        edited = edit(before, self.clock(), timing=timing if moves else None, description="new")
        if edited.timing != before.timing and before.paused_at is None:
            self._close()
            self.active_since = self.clock()
        self._save(edited)

    # What must hold

    @invariant()
    def no_time_fires_twice(self) -> None:
        times = self._fired()
        assert len(times) == len(set(times))

    @invariant()
    def nothing_fires_that_is_not_in_the_timetable(self) -> None:
        spans = [*self.spans]
        if self.active_since:
            spans.append((self._schedule().timing, self.active_since, self.clock()))
        planned = {time for span in spans for time in _times(*span)}
        assert set(self._fired()) <= planned

    @invariant()
    def the_next_time_is_the_next(self) -> None:
        schedule = self._schedule()
        assert (schedule.fire_at is None) == (schedule.paused_at is not None)

    def nothing_is_lost(self) -> None:
        """After a pass: with `all` each time has fired, otherwise those that were not late."""
        if self.active_since is None:
            return
        schedule, now = self._schedule(), self.clock()
        due = _times(schedule.timing, self.active_since, now)
        if schedule.catch_up is not CatchUp.ALL:
            due = [time for time in due if now - time <= GRACE]
        assert set(due[-MAX_CATCH_UP:]) <= set(self._fired())

    def teardown(self) -> None:
        """From wherever this came to, the next pass makes up for what is to be made up for."""
        self.sweep(None)
        self.no_time_fires_twice()
        self.nothing_fires_that_is_not_in_the_timetable()

    # How it is done

    def _schedule(self) -> Schedule:
        found = self.schedules.get(a_schedule().id)
        assert found
        return found

    def _save(self, schedule: Schedule) -> None:
        self.schedules.save(schedule, before=self._schedule())

    def _close(self) -> None:
        """The timetable that counted so far counts no more."""
        if self.active_since:
            self.spans.append((self._schedule().timing, self.active_since, self.clock()))

    def _fired(self) -> list[datetime]:
        jobs = self.jobs.list_jobs(Filter(), 100_000)
        return [datetime.fromisoformat(job.labels["scheduled-for"]) for job in jobs]


def _times(timing: Timing, after: datetime, until: datetime) -> list[datetime]:
    return list(takewhile(lambda time: time <= until, times_after(timing, after)))


TestPromises = Promises.TestCase
TestPromises.settings = settings(max_examples=40, stateful_step_count=30)
