"""What a handler logs stays with its job, and costs no write."""

import logging
from collections.abc import Iterator

import pytest

from jobs.job.model import Job, Status
from tests.worker.conftest import House

NO_NUMBER = "no number (ValueError: invalid literal for int() with base 10: 'seven')"


@pytest.fixture(autouse=True)
def _as_in_production() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    yield
    root.setLevel(level)


@pytest.fixture
def saves(house: House) -> list[Job]:
    """Every state that is written from now on."""
    made: list[Job] = []
    keep = house.store._jobs.keep

    def kept(record: Job) -> Job:
        made.append(record)
        return keep(record)

    house.store._jobs.keep = kept  # type: ignore[method-assign]
    return made


def said(job: Job) -> list[tuple[int, str, str]]:
    return [(line.number, line.level, line.text) for line in job.log]


def test_the_last_save_takes_the_lines_along(house: House, saves: list[Job]) -> None:
    """Three writes, as for every job; credentials are taken out, a trace stays out."""
    job = house.submit("test.talk")
    house.work()
    assert [one.status for one in saves] == [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED]
    assert said(house.job(job)) == [
        (1, "INFO", "attempt 1 begins, token=[redacted]"),
        (2, "WARNING", NO_NUMBER),
    ]


def test_progress_takes_the_lines_along(house: House, saves: list[Job]) -> None:
    """What was said before a report is kept with it, what follows with the next save."""
    house.submit("test.talk", {"text": "report"})
    house.work()
    assert [len(one.log) for one in saves] == [0, 0, 1, 3]
    assert saves[2].progress


def test_lines_are_counted_over_attempts(house: House) -> None:
    """Another attempt goes on where the one before stopped, through its job message."""
    job = house.submit("test.talk", {"text": "fail"})
    house.work()
    assert [line.number for line in house.job(job).log] == [1, 2, 3, 4]
    assert house.job(job).log[2].text.startswith("attempt 2 begins")


def test_who_logs_nothing_keeps_nothing(house: House) -> None:
    """The field stays empty."""
    job = house.submit("test.echo", {"text": "hello"})
    house.work()
    assert house.job(job).log == ()
