"""What a handler may ask and say while it runs."""

import logging
import pickle
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from jobs.context import (
    LONGEST_WAIT_SECONDS,
    MAX_CHECKPOINT_BYTES,
    Cancelled,
    Context,
    Continue,
    Memory,
    PermanentError,
    RetryAfter,
)
from jobs.errors import InvalidRequest, StoreUnavailable
from jobs.job.model import Checkpoint, Progress
from tests.factories import T0, Clock


class RecordingLink:
    """Keeps what a handler says; raises `fault` instead, if there is one."""

    def __init__(self) -> None:
        self.reports: list[Progress] = []
        self.checkpoints: list[str] = []
        self.checks = 0
        self.fault: Exception | None = None

    def _perhaps(self) -> None:
        if self.fault:
            raise self.fault

    def report(self, progress: Progress) -> None:
        self._perhaps()
        self.reports.append(progress)

    def check(self) -> None:
        self._perhaps()
        self.checks += 1

    def remember(self, checkpoint: str) -> None:
        self._perhaps()
        self.checkpoints.append(checkpoint)

    def say(self, time: datetime, level: str, text: str) -> None:
        raise AssertionError((time, level, text))


@pytest.fixture
def link() -> RecordingLink:
    return RecordingLink()


def _context(link: RecordingLink, **changes: Any) -> Context:
    fields: dict[str, Any] = {
        "job_id": "job-1",
        "job_type": "words.say",
        "attempt": 2,
        "max_attempts": 3,
        "deadline": T0 + timedelta(seconds=30),
        "log": logging.LoggerAdapter(logging.getLogger("test")),
        "link": link,
        "now": Clock(),
    }
    return Context(**(fields | changes))


def _after(link: RecordingLink) -> Context:
    """The context of a later attempt, which is given what the earlier one kept."""
    kept = msgspec.json.decode(link.checkpoints[-1], type=Checkpoint)
    return _context(link, attempt=3, memory=Memory(kept))


def test_the_key_is_the_same_for_every_attempt(link: RecordingLink) -> None:
    """Third parties get the same key at each attempt, and another for each job."""
    keys = [_context(link, attempt=number).idempotency_key for number in (1, 2, 3)]
    assert len(set(keys)) == 1
    assert _context(link, job_id="job-2").idempotency_key not in keys


def test_remaining(link: RecordingLink) -> None:
    """The time that is left runs down to nothing, and not below."""
    clock = Clock()
    context = _context(link, now=clock)
    assert context.remaining == timedelta(seconds=30)
    clock.sleep(29)
    assert context.remaining == timedelta(seconds=1)
    clock.sleep(60)
    assert context.remaining == timedelta()


@pytest.mark.parametrize(
    ("said", "kept"),
    [(0, 0.0), (0.5, 0.5), (1, 1.0), (-0.1, 0.0), (1.1, 1.0), (float("inf"), 1.0)],
)
def test_progress(link: RecordingLink, said: float, kept: float) -> None:
    """Progress is a fraction; what lies outside is moved to the nearer end."""
    _context(link).progress(said, "word")
    assert link.reports == [Progress(fraction=kept, message="word")]


def test_progress_that_is_no_number(link: RecordingLink) -> None:
    """Progress that can't be told counts as none."""
    _context(link).progress(float("nan"))
    assert link.reports == [Progress(fraction=0.0)]


def test_progress_messages(link: RecordingLink) -> None:
    """A message is cut to 500 characters, and holds nothing but characters."""
    _context(link).progress(0.5, "é" * 501)
    _context(link).progress(0.5, "caf\udce9.csv")
    assert [report.message for report in link.reports] == ["é" * 500, "caf?.csv"]


def test_cancelled_passes_through(link: RecordingLink) -> None:
    """A handler whose job is not its own any more is told at whatever it says or asks."""
    link.fault = Cancelled("not yours")
    context = _context(link)
    for say in (
        context.check,
        lambda: context.progress(0.5),
        lambda: context.checkpoint(1),
        lambda: context.step("one", lambda: 1),
    ):
        with pytest.raises(Cancelled):
            say()


def test_without_a_checkpoint(link: RecordingLink) -> None:
    """A job that kept nothing has no state."""
    assert _context(link).state is None


def test_checkpoint(link: RecordingLink) -> None:
    """A state is there again in a later attempt, and at once in this one."""
    context = _context(link)
    context.checkpoint({"page": 7, "seen": ["a", "ä"], "none": None})
    for one in (context, _after(link)):
        assert one.state == {"page": 7, "seen": ["a", "ä"], "none": None}
    context.checkpoint(8)
    assert _after(link).state == 8


def test_step(link: RecordingLink) -> None:
    """A step is done once for the job; its result is there again, as plain JSON data."""
    done: list[str] = []

    def do() -> dict[str, tuple[int, int]]:
        done.append("x")
        return {"pair": (1, 2)}

    context = _context(link)
    results = [context.step("make", do), context.step("make", do), _after(link).step("make", do)]
    assert results == [{"pair": [1, 2]}] * 3
    assert done == ["x"]
    assert len(link.checkpoints) == 1


def test_steps_and_state_together(link: RecordingLink) -> None:
    """Steps do not forget one another, nor the state, nor the state them."""
    context = _context(link)
    context.step("one", lambda: 1)
    context.checkpoint("here")
    context.step("two", lambda: None)
    later = _after(link)
    assert later.state == "here"
    assert (later.step("one", _never), later.step("two", _never)) == (1, None)


def _never() -> None:
    raise AssertionError("the step was done before")


def test_a_step_that_fails_is_not_remembered(link: RecordingLink) -> None:
    """A step that raises is done again the next time."""
    context = _context(link)
    with pytest.raises(ZeroDivisionError):
        context.step("one", lambda: 1 // 0)
    assert context.step("one", lambda: 1) == 1


def test_what_was_not_kept_is_not_known(link: RecordingLink) -> None:
    """If the store could not be reached, neither the state nor the step counts as kept."""
    context = _context(link)
    link.fault = StoreUnavailable()
    with pytest.raises(StoreUnavailable):
        context.checkpoint("lost")
    with pytest.raises(StoreUnavailable):
        context.step("one", lambda: 1)
    link.fault = None
    assert context.state is None
    assert context.step("one", lambda: 2) == 2


def test_checkpoint_size(link: RecordingLink) -> None:
    """State and steps together have 256 KiB of JSON at most; past it nothing changes."""
    context = _context(link)
    frame = len('{"state":""}')
    context.checkpoint("x" * (MAX_CHECKPOINT_BYTES - frame))
    assert len(link.checkpoints[-1].encode()) == MAX_CHECKPOINT_BYTES
    with pytest.raises(ValueError, match="262144 bytes"):
        context.step("one", lambda: 1)
    with pytest.raises(ValueError, match="262144 bytes"):
        context.checkpoint("é" * (MAX_CHECKPOINT_BYTES // 2))
    assert len(link.checkpoints) == 1
    assert len(context.state) == MAX_CHECKPOINT_BYTES - frame


@pytest.mark.parametrize("state", [object(), lambda: None, "\udce9"])
def test_a_state_that_is_no_json(link: RecordingLink, state: Any) -> None:
    """What can't be JSON is refused before anything is kept."""
    with pytest.raises((TypeError, ValueError)):
        _context(link).checkpoint(state)
    assert link.checkpoints == []


# How a handler says that it failed


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (0, 0),
        (1.5, 1.5),
        (-5, 0),
        (1e12, LONGEST_WAIT_SECONDS),
        (float("inf"), LONGEST_WAIT_SECONDS),
        (float("nan"), 0),
    ],
)
def test_waits(asked: float, waits: float) -> None:
    """Whatever a handler asks for, the wait is one that has an end."""
    assert RetryAfter(asked).seconds == waits
    assert Continue(asked).after == waits
    assert T0 + timedelta(seconds=RetryAfter(asked).seconds) >= T0


@pytest.mark.parametrize(
    "error",
    [PermanentError("no use"), RetryAfter(7, "busy"), Continue(3), Cancelled("gone")],
)
def test_errors_cross_processes(error: Exception) -> None:
    """What a handler raises arrives whole in another process."""
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(arrived) is type(error)
    assert (str(arrived), vars(arrived)) == (str(error), vars(error))


@pytest.mark.parametrize(
    "state",
    [float("nan"), msgspec.Raw(b"{"), {"a": 10**310}],
    ids=["nan", "not json", "large"],
)
def test_what_is_no_strict_json_is_not_remembered(state: object) -> None:
    """Neither as a state nor as a step's result; what was kept before stays."""
    link = RecordingLink()
    ctx = _context(link)
    for keep in (lambda: ctx.checkpoint(state), lambda: ctx.step("one", lambda: state)):
        with pytest.raises((ValueError, InvalidRequest)):
            keep()
    assert link.checkpoints == []
