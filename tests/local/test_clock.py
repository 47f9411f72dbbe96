"""The local cloud's clock: Cloud Scheduler's manners."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from identity.tokens import Verifier
from local.cloud.caller import UNREACHABLE, WorkerCaller
from local.cloud.clock import Clock, call_sweep
from local.cloud.settings import CloudSettings
from tests.local.conftest import StandIn

START = datetime(2026, 1, 1, 12, 0, 20, tzinfo=UTC)


class Day:
    """A time that passes only while somebody waits or a sweep lasts."""

    def __init__(self, end: datetime) -> None:
        self.now = START
        self.end = end
        self.calls: list[tuple[datetime, datetime]] = []

    def wait(self, seconds: float) -> bool:
        self.now += timedelta(seconds=seconds)
        return self.now >= self.end

    def time(self) -> datetime:
        return self.now

    def call_briefly(self, scheduled: datetime) -> int:
        self.calls.append((scheduled, self.now))
        return 200

    def run(self, sweep: Callable[[int], tuple[int, float]]) -> list[tuple[str, str]]:
        """`sweep(n)` says status and length of the n-th call. Returns (scheduled, made) times."""

        def called(scheduled: datetime) -> int:
            self.calls.append((scheduled, self.now))
            status, seconds = sweep(len(self.calls))
            self.now += timedelta(seconds=seconds)
            return status

        Clock(called, lambda: self.now, self.wait).run()
        return [(f"{planned:%H:%M:%S}", f"{made:%H:%M:%S}") for planned, made in self.calls]


def test_the_sweep_is_called_at_every_full_minute() -> None:
    """The first call comes at the start, the others at full minutes."""
    day = Day(end=START + timedelta(minutes=3))
    assert [made for _, made in day.run(lambda _: (200, 2.0))] == [
        "12:00:20",
        "12:01:00",
        "12:02:00",
        "12:03:00",
    ]


def test_the_first_call_waits_for_the_worker() -> None:
    """While the worker does not answer yet, the first call is tried every second."""
    day = Day(end=START + timedelta(seconds=45))
    calls = day.run(lambda number: (UNREACHABLE if number < 4 else 200, 0.0))
    assert [made for _, made in calls] == [
        "12:00:20",
        "12:00:21",
        "12:00:22",
        "12:00:23",
        "12:01:00",
    ]


def test_a_late_call_is_made_once_when_the_one_before_ends() -> None:
    """Never two at once: what came due meanwhile is made up for by one call, at once."""
    day = Day(end=START + timedelta(minutes=5))
    calls = day.run(lambda number: (200, 170.0 if number == 2 else 1.0))
    assert calls == [
        ("12:00:20", "12:00:20"),
        ("12:01:00", "12:01:00"),
        ("12:03:00", "12:03:50"),
        ("12:04:00", "12:04:00"),
        ("12:05:00", "12:05:00"),
    ]


def test_a_failed_call_is_not_repeated() -> None:
    """Like a Scheduler job without retries, a failed call waits for the next minute."""
    day = Day(end=START + timedelta(seconds=105))
    calls = day.run(lambda number: (UNREACHABLE if number == 2 else 200, 0.0))
    assert [made for _, made in calls] == ["12:00:20", "12:01:00", "12:02:00"]


def test_a_sweep_is_called_as_scheduler_calls_it(
    settings: CloudSettings, caller: WorkerCaller, worker: StandIn, verifier: Verifier
) -> None:
    """Scheduler's headers, and a token of its account for the sweep's path."""
    assert call_sweep(settings, caller, START) == 204
    [received] = worker.received
    assert received.path == "/sweep"
    assert received.headers["X-Cloudscheduler"] == "true"
    assert received.headers["X-Cloudscheduler-Scheduletime"] == "2026-01-01T12:00:20+00:00"
    principal = verifier.verify(received.token, ["https://worker.test/sweep"])
    assert principal.email == settings.scheduler_account


def test_two_jobs_take_turns() -> None:
    """One is called at even minutes and one at odd ones, so a long sweep delays no other."""
    made = []
    for offset in range(2):
        day = Day(end=START + timedelta(minutes=5))
        clock = Clock(day.call_briefly, day.time, day.wait, every=2, offset=offset)
        clock.run()
        made.append([f"{when:%H:%M:%S}" for _, when in day.calls])
    assert made == [
        ["12:00:20", "12:02:00", "12:04:00"],
        ["12:00:20", "12:01:00", "12:03:00", "12:05:00"],
    ]
