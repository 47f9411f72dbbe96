"""A handler's neighbours notice nothing of what it does to its process."""

import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from jobs.job.model import Progress
from tests.neighbours.handlers import DEEDS, Deed
from worker.attempts.outcome import Failed, HandlerOutcome, Paused, Succeeded
from worker.processes.pool import HandlerPool
from worker.processes.run import Task

PROCESSES = 2
SUCCEED = {"multiprocess": "6", "pool_of_processes": "6"}
"""These are no bad deeds: handlers may start processes, as long as they end them."""


class DeafLink:
    """Takes whatever a handler says."""

    def begin(self) -> None: ...

    def renew(self) -> float:
        return 20.0

    def report(self, progress: Progress) -> None: ...

    def check(self) -> None: ...

    def remember(self, checkpoint: str) -> None: ...

    def say(self, time: datetime, level: str, text: str) -> None: ...


@pytest.fixture(scope="module")
def pool() -> Iterator[HandlerPool]:
    made = HandlerPool(
        handlers="tests.neighbours.handlers",
        project="test",
        processes=PROCESSES,
        memory_bytes=256 * 1024 * 1024,
        now=lambda: datetime.now(UTC),
    )
    yield made
    made.stop()


def _run(pool: HandlerPool, job_type: str, deed: Deed, seconds: float = 20) -> HandlerOutcome:
    task = Task(
        job_id="0" * 32,
        job_type=job_type,
        payload=msgspec.json.encode(deed),
        attempt=1,
        max_attempts=3,
        deadline=datetime.now(UTC) + timedelta(seconds=seconds),
        allowed_hosts=frozenset(),
    )
    return pool.run(task, DeafLink())


@pytest.mark.parametrize("name", sorted(DEEDS.keys() - {"start_and_hang"}))
def test_a_neighbour_has_its_own_answer(pool: HandlerPool, name: str, tmp_path: Path) -> None:
    """Beside a bad handler and after it, in every process, others get their own results."""
    answers: dict[str, HandlerOutcome] = {}

    def behave(who: str) -> None:
        answers[who] = _run(pool, "good.deed", Deed(who))

    beside = threading.Thread(target=behave, args=("beside",))
    beside.start()
    outcome = _run(pool, "bad.deed", Deed(name, str(tmp_path)))
    beside.join()
    after = [
        threading.Thread(target=behave, args=(f"after {number}",)) for number in range(PROCESSES)
    ]
    for thread in after:
        thread.start()
    for thread in after:
        thread.join()
    assert answers == {
        who: Succeeded(f'{{"text":"{who}","found":[]}}')
        for who in ("beside", *(f"after {number}" for number in range(PROCESSES)))
    }
    assert isinstance(outcome, Succeeded | Failed | Paused)
    if name in SUCCEED:
        assert outcome == Succeeded(SUCCEED[name])


@pytest.mark.parametrize(
    ("name", "kind", "message", "permanent"),
    [
        ("exit_with_text", "SystemExit", "enough of this", False),
        ("interrupt", "KeyboardInterrupt", "KeyboardInterrupt", False),
        ("cancelled", "CancelledError", "CancelledError", False),
        ("mute", "Mute", "It raised Mute, whose text can't be had.", True),
    ],
)
def test_any_exception_is_described(
    pool: HandlerPool, name: str, kind: str, message: str, permanent: bool
) -> None:
    """Its type and text are in the job's error, and whether another attempt could help."""
    outcome = _run(pool, "bad.deed", Deed(name))
    assert isinstance(outcome, Failed)
    assert (outcome.error.type, outcome.error.message) == (kind, message)
    assert outcome.permanent is permanent


def test_a_wait_may_be_any_number(pool: HandlerPool) -> None:
    """A decimal counts, and a wait that was never said is the policy's to choose."""
    asked = _run(pool, "bad.deed", Deed("decimal_retry"))
    assert isinstance(asked, Failed)
    assert asked.delay == timedelta(seconds=1.5)
    careless = _run(pool, "bad.deed", Deed("careless_retry"))
    assert isinstance(careless, Failed)
    assert (careless.delay, careless.permanent) == (None, False)


@pytest.mark.parametrize(
    "name", ["leave_a_subprocess", "leave_a_session", "leave_a_daemon", "fork_and_stay"]
)
def test_nothing_that_it_started_outlives_it(pool: HandlerPool, name: str) -> None:
    """Subprocesses end with the attempt, sessions of their own or not."""
    before = _sleepers()
    assert isinstance(_run(pool, "bad.deed", Deed(name)), Succeeded)
    assert _are_gone(before)


def test_what_it_started_ends_with_its_time(pool: HandlerPool) -> None:
    """At the deadline too, whatever sessions they are in."""
    before = _sleepers()
    outcome = _run(pool, "bad.deed", Deed("start_and_hang"), seconds=1)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "timed_out"
    assert _are_gone(before)


def _are_gone(before: set[int]) -> bool:
    """Whether no new sleeper is left, a moment after they were killed."""
    until = time.monotonic() + 5
    while not _sleepers() <= before and time.monotonic() < until:
        time.sleep(0.01)
    return _sleepers() <= before


def _sleepers() -> set[int]:
    """The processes that sleep in the deeds, by their parents' having been forked for handlers."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if b"time.sleep(120)" in (folder / "cmdline").read_bytes():
                    found.add(int(folder.name))
            except OSError:
                continue
    return found
