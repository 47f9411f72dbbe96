"""Every change of the clocks in the next two years, counted minute by minute.

`python -m tests.unit.clock_changes` tries every zone of the time zone database.

What must fire is found without a look at how it is found elsewhere: by looking at a clock in each
minute of four days.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from itertools import islice
from zoneinfo import ZoneInfo

from jobs.schedules.model import Cron
from jobs.schedules.timetable import next_times

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEVERAL = 6
NEXT_TWO_YEARS = (datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 11, 1, tzinfo=UTC))
EXPRESSIONS = (
    "* * * * *",
    "*/15 * * * *",
    "0 */2 * * *",
    "15 */6 * * *",
    "45 * * * *",
    "30 2 * * *",
    "30 0 * * *",
    "0 3 * * *",
    "10,50 1-4 * * *",
    "0 0 * * *",
    "59 23 * * *",
    "5/20 2,3 * * *",
)


@dataclass(frozen=True)
class Change:
    """A zone, and the hour in UTC in which its clocks are set."""

    zone: str
    hour: datetime


def zones() -> list[str]:
    return (resources.files("tzdata") / "zones").read_text().split()


def changes(zone: str, span: tuple[datetime, datetime] = NEXT_TWO_YEARS) -> Iterator[Change]:
    clock, hour = ZoneInfo(zone), span[0]
    while hour < span[1]:
        if hour.astimezone(clock).utcoffset() != (hour + HOUR).astimezone(clock).utcoffset():
            yield Change(zone, hour)
        hour += HOUR


def disagreements(change: Change, expression: str) -> Sequence[tuple[datetime, object, object]]:
    """From which hours of the days around the change something else is said to fire next."""
    first, last = change.hour - 2 * DAY, change.hour + 2 * DAY
    right = must_fire(expression, ZoneInfo(change.zone), first, last)
    timing = Cron(expression=expression, time_zone=change.zone)
    wrong = []
    asked = first + DAY
    while asked < last - DAY:
        follow = (time for time in right if time > asked)
        expected = [time for time in islice(follow, SEVERAL) if time < last - 2 * HOUR]
        said = [time for time in next_times(timing, asked, SEVERAL) if time < last - 2 * HOUR]
        if said != expected:
            wrong.append((asked, said, expected))
        # Between the hours too: 03:48 is not 03:00.
        asked += HOUR / 2 + 7 * MINUTE
    return wrong


def must_fire(expression: str, zone: ZoneInfo, first: datetime, last: datetime) -> list[datetime]:
    """As Debian's cron does it.

    With a `*` in minute or hour: whenever a clock shows such a time. Without: once for each such
    time, when a clock first shows it, or the first minute behind it if none does.
    """
    minutes, shown = looked_at(zone, first, last)
    fields = expression.split()
    if fields[0].startswith("*") or fields[1].startswith("*"):
        return [m for m, clock in zip(minutes, shown, strict=True) if matches(fields, clock)]
    fired: dict[datetime, None] = {}
    firsts: dict[datetime, datetime] = {}
    for minute, clock in zip(minutes, shown, strict=True):
        firsts.setdefault(clock, minute)
    clock = min(shown)
    while clock <= max(shown):
        if matches(fields, clock):
            fired[firsts.get(clock) or _behind(clock, minutes, shown)] = None
        clock += MINUTE
    return sorted(fired)


@cache
def looked_at(
    zone: ZoneInfo, first: datetime, last: datetime
) -> tuple[list[datetime], list[datetime]]:
    """Each minute of that time, and what a clock of the zone shows in it."""
    minutes = [first + number * MINUTE for number in range(int((last - first) / MINUTE))]
    return minutes, [minute.astimezone(zone).replace(tzinfo=None) for minute in minutes]


def _behind(clock: datetime, minutes: Sequence[datetime], shown: Sequence[datetime]) -> datetime:
    return next(minute for minute, one in zip(minutes, shown, strict=True) if one >= clock)


def matches(fields: Sequence[str], clock: datetime) -> bool:
    return clock.minute in values(fields[0], 59) and clock.hour in values(fields[1], 23)


@cache
def values(field: str, last: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        start = 0 if low == "*" else int(low)
        end = int(high) if high else last if step or low == "*" else start
        found |= set(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def alike() -> dict[tuple[tuple[datetime, object, object], ...], list[str]]:
    """Zones whose clocks change at the same moments from and to the same time are tried once."""
    found: dict[tuple[tuple[datetime, object, object], ...], list[str]] = {}
    for zone in zones():
        clock = ZoneInfo(zone)
        of_zone = tuple(
            (
                change.hour,
                change.hour.astimezone(clock).utcoffset(),
                (change.hour + HOUR).astimezone(clock).utcoffset(),
            )
            for change in changes(zone)
        )
        found.setdefault(of_zone, []).append(zone)
    return found


def main() -> None:
    """Try every zone; say what disagrees."""
    tried = stood_for = 0
    wrong = []
    for names in alike().values():
        looked_at.cache_clear()
        for change in changes(names[0]):
            for expression in EXPRESSIONS:
                tried += 1
                stood_for += len(names)
                if found := disagreements(change, expression):
                    wrong.append((change, expression, found[0]))
    for one in wrong[:20]:
        print(*one)  # noqa: T201 - a command
    print(  # noqa: T201 - likewise
        f"{tried} changes and expressions tried, which stand for {stood_for} of all zones:"
        f" {len(wrong)} wrong"
    )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
