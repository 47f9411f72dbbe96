"""When schedules fire, and what is said of those that never would."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.errors import InvalidRequest
from jobs.schedules.model import Cron, Every, Timing
from jobs.schedules.timetable import (
    MAX_EVERY_SECONDS,
    checked,
    newest_times,
    next_time,
    next_times,
    times_after,
)
from tests.factories import MINUTE, T0

INSTANT = timedelta(microseconds=1)
BERLIN = ZoneInfo("Europe/Berlin")


def a_cron(expression: str, zone: str = "UTC") -> Cron:
    return Cron(expression=expression, time_zone=zone)


def local(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


TIMINGS: st.SearchStrategy[Timing] = st.sampled_from(
    [
        a_cron("* * * * *"),
        a_cron("*/7 * * * *", "Europe/Berlin"),
        a_cron("30 1,2 * * *", "Europe/Berlin"),
        a_cron("@daily", "America/Santiago"),
        a_cron("0 12 29 2 *", "Asia/Kathmandu"),
        Every(seconds=60, start=T0),
        Every(seconds=4711, start=T0 + timedelta(days=300)),
    ]
)
MOMENTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001 - likewise
    timezones=st.just(UTC),
) | st.integers(-200, 200).map(lambda minutes: local("2026-10-25T02:30") + minutes * MINUTE)


@given(TIMINGS, MOMENTS)
def test_times_ascend(timing: Timing, after: datetime) -> None:
    """Every time is later than the one before, and the first later than what it is asked after."""
    times = [after, *islice(times_after(timing, after), 20)]
    assert all(one < other for one, other in pairwise(times))
    assert len(times) == 21


@given(TIMINGS, MOMENTS, st.timedeltas(timedelta(), timedelta(hours=3)))
def test_the_times_are_the_same_wherever_one_begins(
    timing: Timing, after: datetime, later: timedelta
) -> None:
    """Who begins in the middle finds the times that are left: a firing may be late."""
    middle = after + later
    left = (time for time in times_after(timing, after) if time > middle)
    assert list(islice(left, 3)) == next_times(timing, middle, 3)


@given(TIMINGS, MOMENTS, st.timedeltas(timedelta(), timedelta(hours=9)), st.integers(1, 5))
def test_the_newest_times(timing: Timing, first: datetime, span: timedelta, count: int) -> None:
    """However long the span is, they are the last of all the times in it, both ends included."""
    until = first + span
    times = list(takewhile(lambda time: time <= until, times_after(timing, first - INSTANT)))
    assert newest_times(timing, first, until, count) == times[-count:]


def test_the_ends_of_a_span_are_in_it() -> None:
    """A time that is due at this very moment is due."""
    hour = T0.replace(minute=0, second=0, microsecond=0)
    assert newest_times(a_cron("0 * * * *"), hour, hour, 9) == [hour]
    assert newest_times(a_cron("0 * * * *"), hour + INSTANT, hour + MINUTE, 9) == []


def test_an_interval_does_not_drift() -> None:
    """Its times count from the start, however late anybody asks."""
    timing = Every(seconds=90, start=T0)
    assert next_times(timing, T0 - 5 * MINUTE, 3) == [
        T0,
        T0 + timedelta(seconds=90),
        T0 + timedelta(seconds=180),
    ]
    assert next_time(timing, T0) == T0 + timedelta(seconds=90)
    late = T0 + timedelta(days=100, seconds=89.9)
    assert next_time(timing, late) == T0 + timedelta(days=100, seconds=90)


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        # In the night of 29 March 2026 there is no time from 02:00 to 03:00.
        ("30 2 * * *", "2026-03-28T12:00", ["2026-03-29T03:00", "2026-03-30T02:30"]),
        ("0 2 * * *", "2026-03-28T12:00", ["2026-03-29T03:00", "2026-03-30T02:00"]),
        ("15,45 2 * * *", "2026-03-28T12:00", ["2026-03-29T03:00", "2026-03-30T02:15"]),
        ("0 * * * *", "2026-03-29T01:30", ["2026-03-29T03:00", "2026-03-29T04:00"]),
        ("*/30 2 * * *", "2026-03-28T12:00", ["2026-03-30T02:00", "2026-03-30T02:30"]),
        ("@daily", "2026-03-28T12:00", ["2026-03-29T00:00", "2026-03-30T00:00"]),
        # On 25 October 2026 there is each of them twice.
        ("30 2 * * *", "2026-10-24T12:00", ["2026-10-25T02:30", "2026-10-26T02:30"]),
    ],
)
def test_a_change_of_the_clocks(expression: str, after: str, expected: list[str]) -> None:
    """A time of its own fires once, right after a gap; one that is counted goes by the clock."""
    times = next_times(a_cron(expression, "Europe/Berlin"), local(after), len(expected))
    assert times == [local(text) for text in expected]


def test_an_hour_that_comes_twice_is_two_hours() -> None:
    """What fires each half hour does so in both passes, half an hour of real time apart."""
    times = next_times(a_cron("*/30 * * * *", "Europe/Berlin"), local("2026-10-25T01:45"), 6)
    assert times[0] == local("2026-10-25T02:00", fold=0)
    assert times[2] == local("2026-10-25T02:00", fold=1)
    assert {other - one for one, other in pairwise(times)} == {timedelta(minutes=30)}


def test_the_second_pass_does_not_fire_again() -> None:
    """Asked in the second pass for a time that the first one had, the next day's is the answer."""
    second_pass = local("2026-10-25T02:10", fold=1)
    assert next_time(a_cron("30 2 * * *", "Europe/Berlin"), second_pass) == local(
        "2026-10-26T02:30"
    )


@pytest.mark.parametrize(
    ("alias", "fields"),
    [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("@Daily", "0 0 * * *"),
    ],
)
def test_aliases(alias: str, fields: str) -> None:
    """An alias fires as the fields that crontab(5) gives for it."""
    assert checked(a_cron(alias), T0) == a_cron(alias)
    assert next_times(a_cron(alias), T0, 9) == next_times(a_cron(fields), T0, 9)


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        (a_cron("0 0 30 2 *"), "no day on which '0 0 30 2 \\*' fires"),
        (a_cron("0 0 31 4,6,9,11 *"), "no day on which"),
        (a_cron("0 0 */30 2 1#5"), "no day on which"),
        (a_cron("0 0 32 * *"), "bad day-of-month"),
        (a_cron("60 0 * * *"), "bad minute"),
        (a_cron("0 0 * * 8"), "bad day-of-week"),
        (a_cron("0 0 30 13 *"), "bad month"),
        (a_cron("0 0 * *"), "five fields"),
        (a_cron("0 0 0 * * *"), "five fields"),
        (a_cron(""), "five fields"),
        (a_cron("* * * * " + ",".join(["1"] * 100)), "five fields"),
        (a_cron("@reboot"), "'@reboot' is none of @annually"),
        (a_cron("@daily @daily"), "is none of"),
        (a_cron("@daily", "Europe/Atlantis"), "no IANA time zone 'Europe/Atlantis'"),
        (a_cron("@daily", "../../etc/passwd"), "no IANA time zone"),
        (a_cron("@daily", "right/Europe/Berlin"), "no IANA time zone"),
        (a_cron("@daily", "localtime"), "no IANA time zone"),
        (a_cron("@daily", "Europe"), "no IANA time zone"),
        (a_cron("@daily", ""), "no IANA time zone"),
        (Every(seconds=59, start=T0), "from 60"),
        (Every(seconds=MAX_EVERY_SECONDS + 1, start=T0), "from 60"),
        (Every(seconds=60, start=T0 + timedelta(days=367)), "366 days ahead"),
        (Every(seconds=60, start=datetime.min.replace(tzinfo=UTC)), "later than 1970"),
    ],
)
def test_what_never_fires_is_refused(timing: Timing, words: str) -> None:
    """The refusal says which part is wrong, or that it is right and never happens."""
    with pytest.raises(InvalidRequest, match=words):
        checked(timing, T0)


@pytest.mark.parametrize(
    "expression",
    ["0 0 29 2 *", "0 0 * 2 MON#5", "0 0 LW * *", "0 9 * * 5L", "0 0 31 * MON", "5/20 * * * *"],
)
def test_what_seldom_fires_is_taken(expression: str) -> None:
    """A leap day counts, whenever it comes; so do the last day and the fifth Monday."""
    assert checked(a_cron(expression), T0)
    assert next_time(a_cron(expression), T0)


@given(st.text("0123456789*/,-#LW?@MONFEB \t", max_size=30) | st.text(max_size=30))
def test_any_text_is_taken_or_refused(text: str) -> None:
    """Whatever is sent, it is a schedule with times or a clear refusal."""
    try:
        checked(a_cron(text), T0)
    except InvalidRequest:
        return
    assert next_times(a_cron(text), T0, 2)


@given(st.text(max_size=30))
def test_any_time_zone_is_taken_or_refused(text: str) -> None:
    """No text reaches another file than those of the zones."""
    with pytest.raises(InvalidRequest, match="no IANA time zone"):
        checked(a_cron("@daily", f"{text}?"), T0)


def test_every_zone_that_is_taken_can_be_loaded() -> None:
    """The names are those of the data that comes along, so no machine lacks one."""
    for zone in ("UTC", "Europe/Kyiv", "America/Argentina/Buenos_Aires", "Etc/GMT+12"):
        assert checked(a_cron("@daily", zone), T0) == a_cron("@daily", zone)
