"""Schedules around every change of the clocks, held to a clock that is looked at each minute."""

from datetime import UTC, datetime

import pytest

from jobs.errors import InvalidRequest
from jobs.schedules.model import Cron
from jobs.schedules.timetable import checked
from tests.unit.clock_changes import EXPRESSIONS, Change, changes, disagreements

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Atlantic/Azores",
)
LONG_AGO = (
    Change("Pacific/Apia", datetime(2011, 12, 30, 9, tzinfo=UTC)),
    Change("Pacific/Kwajalein", datetime(1993, 8, 21, 11, tzinfo=UTC)),
    Change("Asia/Pyongyang", datetime(2015, 8, 14, 15, tzinfo=UTC)),
)


@pytest.mark.parametrize("zone", ZONES)
def test_the_next_change_of_a_zone(zone: str) -> None:
    """From every hour of the days around it, the times that follow are the right ones."""
    change = next(changes(zone))
    for expression in EXPRESSIONS[:: 1 if zone == "Pacific/Chatham" else 3]:
        assert disagreements(change, expression) == []


@pytest.mark.parametrize("change", LONG_AGO, ids=lambda change: change.zone)
@pytest.mark.parametrize("expression", ["0 */2 * * *", "30 2 * * *", "45 * * * *"])
def test_days_that_were_left_out_or_lived_twice(change: Change, expression: str) -> None:
    """A clock may be set by a whole day, or by half an hour for good."""
    assert disagreements(change, expression) == []


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("*/90 * * * *", "a step of 90 is longer than the minute"),
        ("*/61 * * * *", "60 is the longest"),
        ("0 */25 * * *", "a step of 25 is longer than the hour"),
        ("0 0 */32 * *", "day of the month"),
        ("0 0 1 */13 *", "month"),
        ("0 0 * * 1-5/8", "day of the week"),
        ("5,10/999999999 * * * *", "999999999"),
    ],
)
def test_a_step_beyond_its_field_is_refused(expression: str, named: str) -> None:
    """`*/90` would fire every hour, and nobody who writes it means that."""
    with pytest.raises(InvalidRequest, match=named):
        checked(Cron(expression=expression, time_zone="UTC"), NOW)


@pytest.mark.parametrize("expression", ["*/60 * * * *", "0 */24 * * *", "0 0 */31 * *"])
def test_a_step_of_the_whole_field_is_taken(expression: str) -> None:
    """It fires once in it, as meant."""
    checked(Cron(expression=expression, time_zone="UTC"), NOW)
