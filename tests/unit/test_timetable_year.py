"""A year of firings in three zones, against croniter: another library, by other people.

Both are right, and differ by design on two days of the year:

- In the hour that the clocks show twice, a time of fixed hours and minutes fires once here, as in
  Debian's cron, and in both passes there.
- In the hour that the clocks leave out, a time with a `*` in its hours or minutes does not fire
  here, as in Debian's cron, and fires at the end of the gap there.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import count, takewhile
from zoneinfo import ZoneInfo

import pytest
from croniter import croniter

from jobs.schedules.model import Cron
from jobs.schedules.timetable import times_after

START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "America/Santiago": ("2026-09-06", "2026-04-05"),
}
"""The days on which the clocks go forward and back: at two or three; in Santiago at midnight."""

YEAR = (
    "0 0 * * *",
    "30 0 * * *",
    "0 1 * * *",
    "30 1 * * *",
    "30 2 * * *",
    "59 23 * * *",
    "*/30 2 * * *",
    "10,12 23 * * *",
    "0 9 * * MON-FRI",
    "30 2 * * 0",
    "0 12 * * 7",
    "0 0 1 * *",
    "0 3 L * *",
    "5 4 1,15 * *",
    "0 12 13 * FRI",
    "0 6 * 3,10 *",
    "0 0 31 * *",
    "30 8 * JAN,JUL TUE#2",
)
DAYS = (
    "*/15 * * * *",
    "30 * * * *",
    "7-9 * * * SUN",
    "0 */2 * * *",
    "15 */6 * * *",
    "*/10 0 * * *",
    "*/20 1 * * *",
    "45 1,2,3 * * *",
)
"""These fire often, and croniter takes its time: the days around each change must do."""

ONLY_THERE: dict[tuple[str, str], list[str]] = {
    # The second pass of an hour.
    ("30 2 * * *", "Europe/Berlin"): ["2026-10-25T02:30:00+01:00"],
    ("30 2 * * 0", "Europe/Berlin"): ["2026-10-25T02:30:00+01:00"],
    ("45 1,2,3 * * *", "Europe/Berlin"): ["2026-10-25T02:45:00+01:00"],
    ("0 1 * * *", "America/New_York"): ["2026-11-01T01:00:00-05:00"],
    ("30 1 * * *", "America/New_York"): ["2026-11-01T01:30:00-05:00"],
    ("45 1,2,3 * * *", "America/New_York"): ["2026-11-01T01:45:00-05:00"],
    ("59 23 * * *", "America/Santiago"): ["2026-04-04T23:59:00-04:00"],
    ("10,12 23 * * *", "America/Santiago"): [
        "2026-04-04T23:10:00-04:00",
        "2026-04-04T23:12:00-04:00",
    ],
    # The end of a gap.
    ("*/30 2 * * *", "Europe/Berlin"): ["2026-03-29T03:00:00+02:00"],
    ("0 */2 * * *", "Europe/Berlin"): ["2026-03-29T03:00:00+02:00"],
    ("*/30 2 * * *", "America/New_York"): ["2026-03-08T03:00:00-04:00"],
    ("0 */2 * * *", "America/New_York"): ["2026-03-08T03:00:00-04:00"],
    ("0 */2 * * *", "America/Santiago"): ["2026-09-06T01:00:00-03:00"],
    ("15 */6 * * *", "America/Santiago"): ["2026-09-06T01:00:00-03:00"],
    ("*/10 0 * * *", "America/Santiago"): ["2026-09-06T01:00:00-03:00"],
}
"""By expression and zone, what fires there and not here."""


def _ours(expression: str, zone: str, start: datetime, end: datetime) -> set[datetime]:
    timing = Cron(expression=expression, time_zone=zone)
    return set(takewhile(lambda time: time < end, times_after(timing, start)))


def _theirs(expression: str, zone: str, start: datetime, end: datetime) -> set[datetime]:
    times = croniter(expression, start.astimezone(ZoneInfo(zone)))
    utc = (times.get_next(datetime).astimezone(UTC) for _ in count())
    return set(takewhile(lambda time: time < end, utc))


def _only_there(
    expression: str, zone: str, spans: Iterable[tuple[datetime, datetime]]
) -> list[str]:
    """What croniter has and the timetable has not; fails if that has anything that it has not."""
    found: set[datetime] = set()
    for start, end in spans:
        ours = _ours(expression, zone, start, end)
        theirs = _theirs(expression, zone, start, end)
        assert ours
        assert ours - theirs == set()
        found |= theirs - ours
    return [time.astimezone(ZoneInfo(zone)).isoformat() for time in sorted(found)]


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("expression", YEAR)
def test_a_year_agrees_with_another_library(expression: str, zone: str) -> None:
    """Every firing of the year is the same, but for those that the table names."""
    only_there = _only_there(expression, zone, [(START, END)])
    assert only_there == ONLY_THERE.get((expression, zone), [])


@pytest.mark.parametrize("zone", CHANGES)
@pytest.mark.parametrize("expression", DAYS)
def test_the_days_of_a_change_agree_with_another_library(expression: str, zone: str) -> None:
    """So is every firing of what fires often, two days before each change and two after it."""
    days = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in CHANGES[zone]]
    spans = [(day - timedelta(days=2), day + timedelta(days=3)) for day in days]
    only_there = _only_there(expression, zone, spans)
    assert only_there == ONLY_THERE.get((expression, zone), [])


def test_the_table_names_nothing_else() -> None:
    """What differs is looked at by one of the tests."""
    assert {expression for expression, _ in ONLY_THERE} <= {*YEAR, *DAYS}
