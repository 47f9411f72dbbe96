"""What a handler logs stays with its job, and costs no write."""

import logging
from collections.abc import Iterator

import pytest

from jobs.job.model import Job, Status
from tests.worker.conftest import Harness

NO_NUMBER = "no number (ValueError: invalid literal for int() with base 10: 'seven')"


@pytest.fixture(autouse=True)
def _as_in_production() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.INFO)
    yield
    root.setLevel(level)


@pytest.fixture
def saves(harness: Harness) -> list[Job]:
    """Every state that is written from now on."""
    made: list[Job] = []
    keep = harness.store._jobs.keep

    def kept(record: Job) -> Job:
        made.append(record)
        return keep(record)

    harness.store._jobs.keep = kept  # type: ignore[method-assign]
    return made


def said(job: Job) -> list[tuple[int, str, str]]:
    return [(line.number, line.level, line.text) for line in job.log]


def test_the_last_save_takes_the_lines_along(harness: Harness, saves: list[Job]) -> None:
    """Three writes, as for every job; credentials are taken out, a trace stays out."""
    job = harness.submit("test.talk")
    harness.work()
    assert [one.status for one in saves] == [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED]
    assert said(harness.job(job)) == [
        (1, "INFO", "attempt 1 begins, token=[redacted]"),
        (2, "WARNING", NO_NUMBER),
    ]


def test_progress_takes_the_lines_along(harness: Harness, saves: list[Job]) -> None:
    """What was said before a report is kept with it, what follows with the next save."""
    harness.submit("test.talk", {"text": "report"})
    harness.work()
    assert [len(one.log) for one in saves] == [0, 0, 1, 3]
    assert saves[2].progress


def test_lines_are_counted_over_attempts(harness: Harness) -> None:
    """Another attempt goes on where the one before stopped, through its job message."""
    job = harness.submit("test.talk", {"text": "fail"})
    harness.work()
    assert [line.number for line in harness.job(job).log] == [1, 2, 3, 4]
    assert harness.job(job).log[2].text.startswith("attempt 2 begins")


def test_who_logs_nothing_keeps_nothing(harness: Harness) -> None:
    """The field stays empty."""
    job = harness.submit("test.echo", {"text": "hello"})
    harness.work()
    assert harness.job(job).log == ()
