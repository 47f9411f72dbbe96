"""Handlers in processes of their own."""

import dataclasses
import multiprocessing
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import worker.processes.pool
from jobs.context import Cancelled
from jobs.job.model import Progress
from jobs.payloads.secret_bindings import SecretBindings
from worker.attempts.outcome import Dropped, Failed, HandlerOutcome, Interrupted, Paused, Succeeded
from worker.processes import waiting
from worker.processes.pool import HandlerPool
from worker.processes.run import Task
from worker.secrets.secret_files import SecretFiles


def _now() -> datetime:
    return datetime.now(UTC)


class RecordingLink:
    """Keeps what a handler says; tells it to stop once `cancelled` is set."""

    def __init__(self) -> None:
        self.reports: list[Progress] = []
        self.checkpoints: list[str] = []
        self.lines: list[tuple[str, str]] = []
        self.cancelled = threading.Event()

    def begin(self) -> None:
        """It is held."""

    def renew(self) -> float:
        self.check()
        return 0.1

    def report(self, progress: Progress) -> None:
        self.check()
        self.reports.append(progress)

    def check(self) -> None:
        if self.cancelled.is_set():
            raise Cancelled("not wanted")

    def remember(self, checkpoint: str) -> None:
        self.checkpoints.append(checkpoint)

    def say(self, time: datetime, level: str, text: str) -> None:
        assert time.tzinfo
        self.lines.append((level, text))


@pytest.fixture(scope="module")
def pool() -> Iterator[HandlerPool]:
    made = HandlerPool(
        handlers="tests.worker.misbehaving",
        project="test",
        processes=2,
        memory_bytes=256 * 1024 * 1024,
        now=_now,
    )
    made.start()
    yield made
    made.stop()


def _task(job_type: str, payload: bytes = b"{}", seconds: float = 20, attempt: int = 1) -> Task:
    return Task(
        job_id="0" * 32,
        job_type=job_type,
        payload=payload,
        attempt=attempt,
        max_attempts=3,
        deadline=_now() + timedelta(seconds=seconds),
        allowed_hosts=frozenset(),
    )


def test_result(pool: HandlerPool) -> None:
    """A handler's result comes back as JSON text."""
    outcome = pool.run(_task("test.echo", b'{"text": "h\xc3\xa9"}'), RecordingLink())
    assert outcome == Succeeded('{"text":"hé","seconds":0.0}')


def test_a_secret_in_its_process(pool: HandlerPool, tmp_path: Path) -> None:
    """It is resolved in the handler's process, and does not come back from there."""
    (tmp_path / "name").mkdir()
    (tmp_path / "name" / "value").write_text("s3cr3t-Value")
    secrets = SecretFiles(str(tmp_path), SecretBindings.parse("name"))
    task = _task("test.echo", b'{"text": {"$secret": "name"}}')
    outcome = pool.run(dataclasses.replace(task, secrets=secrets), RecordingLink())
    assert outcome == Succeeded('{"text":"[secret]","seconds":0.0}')


def test_exception(pool: HandlerPool) -> None:
    """A handler's exception comes back described, without secrets and without folders."""
    outcome = pool.run(_task("test.fail", b'{"text": "oh"}'), RecordingLink())
    assert isinstance(outcome, Failed)
    assert outcome.error.type == "ValueError"
    assert outcome.error.message == "token=[redacted] oh"
    assert outcome.error.traceback is not None
    assert "misbehaving.py" in outcome.error.traceback
    assert str(Path.cwd()) not in outcome.error.traceback
    assert "secret123" not in outcome.error.traceback


def test_hanging_handler_is_ended(pool: HandlerPool) -> None:
    """A handler that ignores SIGTERM is ended at its deadline, and its process does not stay."""
    outcome = pool.run(_task("test.hang", seconds=0.5), RecordingLink())
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "timed_out"
    assert isinstance(pool.run(_task("test.echo"), RecordingLink()), Succeeded)


def test_a_handler_that_was_ended_has_said_why(pool: HandlerPool) -> None:
    """Lines leave the process as they are logged, so its end takes none along."""
    link = RecordingLink()
    outcome = pool.run(_task("test.talk", b'{"text": "hang", "seconds": 60}', seconds=2), link)
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "timed_out"
    assert [level for level, _ in link.lines] == ["INFO", "WARNING"]


def test_crash_is_an_outcome(pool: HandlerPool) -> None:
    """A handler that takes its process along fails alone."""
    outcomes: list[HandlerOutcome] = []
    slow = _task("test.echo", b'{"text": "neighbour", "seconds": 1}')
    neighbour = threading.Thread(target=lambda: outcomes.append(pool.run(slow, RecordingLink())))
    neighbour.start()
    outcome = pool.run(_task("test.exit"), RecordingLink())
    neighbour.join()
    assert isinstance(outcome, Failed)
    assert outcome.error.code == "handler_died"
    assert "signal 11" in outcome.error.message
    assert isinstance(outcomes[0], Succeeded)


def test_memory_is_bounded(pool: HandlerPool) -> None:
    """A handler that eats memory fails, and the next one in its process has its share again."""
    outcome = pool.run(_task("test.eat"), RecordingLink())
    assert isinstance(outcome, Failed)
    assert outcome.error.type == "MemoryError"
    assert isinstance(pool.run(_task("test.echo"), RecordingLink()), Succeeded)


def test_word_to_the_worker(pool: HandlerPool) -> None:
    """Progress reaches the worker from the handler's process, and a cancel reaches the handler."""
    link = RecordingLink()
    outcomes: list[HandlerOutcome] = []
    running = threading.Thread(
        target=lambda: outcomes.append(pool.run(_task("test.report"), link)),
    )
    running.start()
    while not link.reports:
        assert running.is_alive()
    link.cancelled.set()
    running.join()
    assert outcomes == [Dropped()]
    assert link.reports[0] == Progress(fraction=0.0, message="0")


def test_a_silent_handler_is_ended_when_its_job_is_lost(pool: HandlerPool) -> None:
    """A handler that asks nothing and says nothing does not go on with a job that was cancelled."""
    link = RecordingLink()
    outcomes: list[HandlerOutcome] = []
    task = _task("test.echo", b'{"seconds": 60}', seconds=60)
    running = threading.Thread(target=lambda: outcomes.append(pool.run(task, link)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waiting, "FIRST_RENEWAL_SECONDS", 0.1)
        running.start()
        link.cancelled.set()
        running.join(20)
    assert outcomes == [Dropped()]


def test_step_is_remembered(pool: HandlerPool, tmp_path: Path) -> None:
    """A step that was kept is not done again by the next attempt."""
    mark = tmp_path / "mark"
    payload = f'{{"text": "{mark}"}}'.encode()
    first = RecordingLink()
    assert isinstance(pool.run(_task("test.step", payload), first), Failed)
    again = _task("test.step", payload, attempt=2)
    task = Task(**{**again.__dict__, "checkpoint": first.checkpoints[-1]})
    assert pool.run(task, RecordingLink()) == Succeeded('{"text":"7","seconds":0.0}')
    assert mark.read_text() == "x"


def test_continue(pool: HandlerPool) -> None:
    """A handler may go on later from the state that it kept."""
    link = RecordingLink()
    assert pool.run(_task("test.continue", b'{"seconds": 2}'), link) == Paused(timedelta(seconds=2))
    assert link.checkpoints == ['{"state":1}']


def test_unknown_payload(pool: HandlerPool) -> None:
    """A payload that this release can't decode fails for good, and says where."""
    outcome = pool.run(_task("test.echo", b'{"nope": 1}'), RecordingLink())
    assert isinstance(outcome, Failed)
    assert outcome.permanent
    assert outcome.error.code == "payload_invalid"
    assert "nope" in outcome.error.message


def test_stop() -> None:
    """A pool that is stopped ends its handlers at once, and their attempts are interrupted."""
    stopped = HandlerPool(
        handlers="tests.worker.misbehaving",
        project="test",
        processes=1,
        memory_bytes=256 * 1024 * 1024,
        now=_now,
    )
    link = RecordingLink()
    outcomes: list[HandlerOutcome] = []
    tasks = [_task("test.report"), _task("test.echo")]
    runs = [
        threading.Thread(target=lambda task=task: outcomes.append(stopped.run(task, link)))
        for task in tasks
    ]
    for run in runs:
        run.start()
        while not link.reports:
            assert runs[0].is_alive()
    stopped.stop()
    for run in runs:
        run.join()
    assert outcomes == [Interrupted(), Interrupted()]
    assert stopped.run(_task("test.echo"), link) == Interrupted()


def test_a_process_that_died_idle_fails_nobody(pool: HandlerPool) -> None:
    """Whatever ends a process between two attempts, the next attempt gets another one."""
    assert isinstance(pool.run(_task("test.echo"), RecordingLink()), Succeeded)
    for process in multiprocessing.active_children():
        process.kill()
        process.join()
    assert isinstance(pool.run(_task("test.echo"), RecordingLink()), Succeeded)


def test_a_process_does_not_get_old(pool: HandlerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many attempts a process is replaced, so that what handlers leak ends with it."""
    monkeypatch.setattr(worker.processes.pool, "MAX_RUNS", 1)
    before = {process.pid for process in multiprocessing.active_children()}
    for _ in range(2 + len(before)):
        assert isinstance(pool.run(_task("test.echo"), RecordingLink()), Succeeded)
    assert not before & {process.pid for process in multiprocessing.active_children()}


def test_more_attempts_than_processes(pool: HandlerPool) -> None:
    """An attempt waits for a process where all are taken, and gets one."""
    outcomes: list[HandlerOutcome] = []

    def run() -> None:
        outcomes.append(pool.run(_task("test.echo"), RecordingLink()))

    runs = [threading.Thread(target=run) for _ in range(8)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    assert [type(outcome) for outcome in outcomes] == [Succeeded] * 8
    assert len(multiprocessing.active_children()) <= 2
