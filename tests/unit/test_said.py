"""Which of its lines a job keeps."""

import pytest

from jobs.dispatch.queue import JobMessage
from jobs.errors import TransitionRefused
from jobs.job import transitions
from jobs.job.job_log import LINES_KEPT, MAX_BYTES, MAX_TEXT, kept_of, last_number
from jobs.job.model import LogLine, Status
from tests.factories import T0, a_job


def lines(first: int, last: int, text: str = "so") -> tuple[LogLine, ...]:
    return tuple(
        LogLine(number=number, time=T0, level="INFO", text=text)
        for number in range(first, last + 1)
    )


def test_the_last_lines_stay() -> None:
    """The oldest make room, and the numbers tell how many are missing."""
    kept = kept_of(lines(1, 40), lines(41, 60))
    assert kept == lines(61 - LINES_KEPT, 60)
    assert last_number(kept) == 60


def test_the_same_lines_again_change_nothing() -> None:
    """A save that has to be made again takes no line along twice."""
    kept = kept_of(lines(1, 3), lines(2, 5))
    assert kept == lines(1, 5)
    assert kept_of(kept, lines(2, 5)) is kept
    assert kept_of((), ()) == ()


def test_all_lines_together_are_bounded() -> None:
    """Long lines in a script of many bytes don't fill the document; the last one always stays."""
    kept = kept_of((), lines(1, LINES_KEPT, "\N{SNOWMAN}" * MAX_TEXT))
    assert sum(len(line.text.encode()) for line in kept) <= MAX_BYTES
    assert [line.number for line in kept] == list(range(51 - len(kept), 51))
    assert len(kept) == MAX_BYTES // (3 * MAX_TEXT)


def test_only_a_running_attempt_says_anything() -> None:
    """And a job to which nothing new was said is the same job."""
    running = a_job(status=Status.RUNNING)
    assert transitions.say(running, ()) is running
    assert transitions.say(running, lines(1, 2)).log == lines(1, 2)
    with pytest.raises(TransitionRefused):
        transitions.say(a_job(), lines(1, 2))


def test_a_long_log_is_left_out_of_the_job_message() -> None:
    """Then the worker reads the job, so that the numbers go on from the last line."""
    short, long = a_job(log=lines(1, 2)), a_job(log=lines(1, 40, "x" * 400))
    decoded = JobMessage.decode(JobMessage.to(short).encode()).job
    assert decoded is not None
    assert decoded.log == lines(1, 2)
    assert JobMessage.decode(JobMessage.to(long).encode()).job is None
