"""When a schedule fires. Pure.

Cron expressions are read by cronsim. The days of a clock change are treated as by Debian's cron:
docs/decisions/0060-cron-as-debian-reads-it.md.
"""

import re
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from heapq import heappop, heappush
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from jobs.errors import InvalidRequest
from jobs.schedules.model import Every, Timing

MIN_EVERY_SECONDS: Final = 60
MAX_EVERY_SECONDS: Final = 366 * 86_400
MAX_EXPRESSION_LENGTH: Final = 200
MAX_START_AHEAD: Final = timedelta(days=366)

_LONGEST_CHANGE: Final = timedelta(hours=26)
"""Clocks of a place have been set by a day when it changed sides of the date line."""
_FIELDS = 5
_VALUES: Final = {
    "minute": 60,
    "hour": 24,
    "day of the month": 31,
    "month": 12,
    "day of the week": 7,
}
_STEP: Final = re.compile(r"/([0-9]{1,9})")
_ALIASES: Final = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def checked(timing: Timing, now: datetime) -> Timing:
    """The timing in UTC, if it fires at all. Raises `InvalidRequest`, which says what is wrong."""
    if isinstance(timing, Every):
        if not MIN_EVERY_SECONDS <= timing.seconds <= MAX_EVERY_SECONDS:
            raise InvalidRequest(
                f"`$.every_seconds` is from {MIN_EVERY_SECONDS} to {MAX_EVERY_SECONDS}."
            )
        if timing.start < _EPOCH or timing.start - now > MAX_START_AHEAD:
            raise InvalidRequest(
                f"`$.start_at` is later than 1970, and {MAX_START_AHEAD.days} days ahead at most."
            )
        return Every(seconds=timing.seconds, start=timing.start.astimezone(UTC))
    if timing.time_zone not in _zones():
        raise InvalidRequest(
            f"`$.time_zone`: there is no IANA time zone {timing.time_zone[:100]!r}."
            " Names are like `Europe/Berlin`, and `UTC`."
        )
    _check_expression(timing.expression)
    if next_time(timing, now) is None:
        raise InvalidRequest(_never(timing.expression))
    return timing


def times_after(timing: Timing, after: datetime) -> Iterator[datetime]:
    """Every time later than `after`, ascending, in UTC. Endless, or ends where none follows."""
    if isinstance(timing, Every):
        every = timedelta(seconds=timing.seconds)
        time = max(timing.start, timing.start + ((after - timing.start) // every + 1) * every)
        while True:
            yield time
            time += every
    text = _expanded(timing.expression)
    zone = ZoneInfo(timing.time_zone)
    # What the clocks are about to show again may fire again.
    again = max(_offset(zone, after) - _offset(zone, after + _LONGEST_CHANGE), timedelta())
    start = after.astimezone(zone).replace(tzinfo=None) - again
    moments = _each_pass if text.startswith("*") or text.split()[1].startswith("*") else _once
    # Those of a second pass are later than those of the clock's next times.
    waiting: list[datetime] = []
    for clock in CronSim(text, start):
        found = moments(clock, zone)
        while waiting and found and waiting[0] < found[0]:
            yield from _later(heappop(waiting), after)
        for moment in found:
            if moment not in waiting:
                heappush(waiting, moment)
    while waiting:
        yield from _later(heappop(waiting), after)


def _later(moment: datetime, after: datetime) -> Iterator[datetime]:
    if moment > after:
        yield moment


def _each_pass(clock: datetime, zone: ZoneInfo) -> list[datetime]:
    """When the clocks of the zone show the time: once, twice, or never."""
    moments = [clock.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    shown = [one for one in moments if one.astimezone(zone).replace(tzinfo=None) == clock]
    return sorted(set(shown))


def _once(clock: datetime, zone: ZoneInfo) -> list[datetime]:
    """When they first show the time or, where they leave it out, the next one that they show."""
    if shown := _each_pass(clock, zone):
        return shown[:1]
    before = clock.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = clock.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if middle.astimezone(zone).replace(tzinfo=None) < clock:
            before = middle
        else:
            after = middle
    # Zones change on the second.
    return [after.replace(microsecond=0)]


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def next_time(timing: Timing, after: datetime) -> datetime | None:
    """The first time later than `after`; None if there is none within fifty years."""
    return next(times_after(timing, after), None)


def next_times(timing: Timing, after: datetime, count: int) -> list[datetime]:
    """The first so many times later than `after`."""
    return list(islice(times_after(timing, after), count))


def newest_times(timing: Timing, first: datetime, until: datetime, count: int) -> list[datetime]:
    """Of the times from `first` to `until`, both included, the newest so many, ascending.

    Looks no further back than it must, as an outage may have been long and the times are many.
    """
    back = timedelta(minutes=count)
    while True:
        start = max(first, until - back)
        found: deque[datetime] = deque(maxlen=count)
        for time in times_after(timing, start - timedelta(microseconds=1)):
            if time > until:
                break
            found.append(time)
        if len(found) == count or start == first:
            return list(found)
        back *= 4


def _check_expression(expression: str) -> None:
    text = _expanded(expression)
    if expression.startswith("@") and text == expression:
        raise InvalidRequest(
            f"`$.cron`: {expression[:50]!r} is none of {', '.join(sorted(_ALIASES))}."
        )
    fields = text.split()
    if len(expression) > MAX_EXPRESSION_LENGTH or len(fields) != _FIELDS:
        raise InvalidRequest(
            f"`$.cron` must have five fields, minute, hour, day of the month, month and day of the"
            f" week, in at most {MAX_EXPRESSION_LENGTH} characters."
        )
    for field, (name, values) in zip(fields, _VALUES.items(), strict=True):
        steps = [int(step) for step in _STEP.findall(field)]
        if steps and max(steps) > values:
            raise InvalidRequest(
                f"`$.cron`: a step of {max(steps)} is longer than the {name} has values, so it"
                f" would fire as often as without; {values} is the longest."
            )
    try:
        CronSim(text, _SOME_DAY)
    except CronSimError as error:
        if _is_read([*fields[:3], "*", fields[4]]) and _is_read(["*", "*", "*", fields[3], "*"]):
            raise InvalidRequest(_never(expression)) from error
        raise InvalidRequest(f"`$.cron` can't be read: {str(error).lower()}.") from error


def _is_read(fields: list[str]) -> bool:
    try:
        CronSim(" ".join(fields), _SOME_DAY)
    except CronSimError:
        return False
    return True


_EPOCH: Final = datetime(1970, 1, 2, tzinfo=UTC)
_SOME_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)


def _never(expression: str) -> str:
    return f"`$.cron`: there is no day on which {expression!r} fires."


def _expanded(expression: str) -> str:
    return _ALIASES.get(expression.strip().lower(), expression)


@cache
def _zones() -> frozenset[str]:
    """The names that IANA's data has, whatever else a machine's own folder of zones holds."""
    from importlib import resources  # noqa: PLC0415 - not for a cold start

    return frozenset((resources.files("tzdata") / "zones").read_text().split())
