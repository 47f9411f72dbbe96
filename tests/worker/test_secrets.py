"""A job that uses secrets: their values are with the handler, and nowhere else."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from jobs.context import Link
from jobs.dispatch.queue import JobMessage
from jobs.job.model import Job, Status
from jobs.job_types import Registry
from jobs.payloads.secret_bindings import SecretBindings
from jobs.telemetry.log import JsonFormatter
from tests.worker import leaking
from tests.worker.conftest import Harness
from worker.attempts.outcome import HandlerOutcome
from worker.processes.run import Task, run_handler
from worker.secrets.secret_files import SecretFiles

NAME = "github-token"
VALUES = [
    "s3cr3t-Value_0123456789",
    "Bearer s3cr3t/Value+0123456789==",
    'with "quotes", a \\ and ümlauts',
    "https://hooks.example.com/services/T0000/B0000?key=s3cr3tValue",
    "1234567890123",
    "two\nlines of it",
]
MODES = leaking.MODES


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, as Cloud Logging would get it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter("test-project"))
    logging.getLogger().addHandler(handler)
    level = logging.getLogger().level
    logging.getLogger().setLevel(logging.DEBUG)
    yield stream
    logging.getLogger().setLevel(level)
    logging.getLogger().removeHandler(handler)


class Recording(Harness):
    """A house that keeps every state and every job message that there ever was."""

    def __init__(self, folder: Path) -> None:
        self.seen: list[str] = []
        super().__init__(secrets=SecretFiles(str(folder), SecretBindings.parse(NAME)))
        store, queue = self.store, self.queue
        keep, dispatch = store._jobs.keep, queue.dispatch

        def kept(record: Job) -> Job:
            self.seen.append(msgspec.json.encode(record).decode())
            return keep(record)

        def dispatched(job_messages: Any) -> None:
            self.seen.extend(job_message.encode().decode() for job_message in job_messages)
            dispatch(job_messages)

        store._jobs.keep = kept  # type: ignore[method-assign]
        queue.dispatch = dispatched  # type: ignore[method-assign]

    def submit_leak(self, mode: str) -> Job:
        return self.submit("test.leak", {"secret": {"$secret": NAME}, "mode": mode})


REGISTRY = Registry([leaking.leak])


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    monkeypatch.setattr("tests.worker.conftest.REGISTRY", REGISTRY)
    return Recording(tmp_path)


def put(folder: Path, value: str | bytes) -> None:
    (folder / NAME).mkdir(exist_ok=True)
    data = value if isinstance(value, bytes) else value.encode()
    (folder / NAME / "value").write_bytes(data)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("mode", MODES)
def test_the_value_is_nowhere(
    harness: Recording, tmp_path: Path, log: io.StringIO, mode: str, value: str
) -> None:
    """Not in a document, message, log line, result or error: even if the handler tells it."""
    put(tmp_path, value)
    leaking.seen.clear()
    job = harness.submit_leak(mode)
    harness.work()
    done = harness.job(job)

    assert leaking.seen[0] == value
    assert done.status is (Status.FAILED if mode in leaking.FAILING else Status.SUCCEEDED)
    everything = "\n".join([*harness.seen, log.getvalue()])
    assert "$secret" in everything
    assert "[secret]" in everything
    for part in {value, *(word for word in value.split() if len(word) >= 8)}:
        for form in (part, msgspec.json.encode(part).decode()[1:-1], repr(part)[1:-1]):
            assert form not in everything


def test_a_result_without_the_value_stays_as_it_is(harness: Recording, tmp_path: Path) -> None:
    """Only what gives a value away is changed."""
    put(tmp_path, VALUES[0])
    job = harness.submit_leak("nothing")
    harness.work()
    assert harness.job(job).result == '{"text":"nothing","more":1.0}'


def test_a_line_break_at_the_end_is_the_editors(harness: Recording, tmp_path: Path) -> None:
    """`echo` and editors put it there; in a header it would be refused."""
    put(tmp_path, b"s3cr3t-Value\r\n")
    leaking.seen.clear()
    harness.submit_leak("nothing")
    harness.work()
    assert leaking.seen == ["s3cr3t-Value"]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"short\n", b"\xff\xfe not text s3cr3t", b"s3cr3t" * 20_000],
    ids=["missing", "empty", "short", "binary", "huge"],
)
def test_a_secret_that_can_not_be_had(
    harness: Recording, tmp_path: Path, content: bytes | None
) -> None:
    """The attempt fails and says which secret it was; later ones are made."""
    if content is not None:
        put(tmp_path, content)
    job = harness.submit_leak("nothing")
    harness.work()
    done = harness.job(job)
    assert done.status is Status.FAILED
    assert len(done.attempts) == 3
    assert done.error is not None
    assert done.error.code == "secret_unavailable"
    assert NAME in done.error.message
    assert "s3cr3t" not in "".join(harness.seen)
    assert str(tmp_path) not in "".join(harness.seen)


def test_a_secret_that_comes_in_time(harness: Recording, tmp_path: Path) -> None:
    """The next attempt reads it anew."""
    job = harness.submit_leak("nothing")
    (job_message,) = harness.job_messages()

    def fill_after_the_first(task: Task, link: Link) -> HandlerOutcome:
        outcome = run_handler(REGISTRY.get(task.job_type), task, link)
        put(tmp_path, VALUES[0])
        return outcome

    harness.attempts_with(fill_after_the_first).answer(job_message)
    harness.work()
    assert harness.job(job).status is Status.SUCCEEDED


def test_a_secret_that_is_not_allowed_any_more(harness: Recording, tmp_path: Path) -> None:
    """The worker goes by its own list too, and reads no file beside it."""
    put(tmp_path, VALUES[0])
    job = harness.submit_leak("nothing")
    (job_message,) = harness.job_messages()
    harness.secrets = SecretFiles(str(tmp_path), SecretBindings.parse("other"))
    harness.attempts_with(
        lambda task, link: run_handler(REGISTRY.get(task.job_type), task, link)
    ).answer(JobMessage.decode(job_message.encode()))
    harness.work()
    error = harness.job(job).attempts[0].error
    assert error is not None
    assert error.code == "secret_unavailable"


def test_a_value_that_does_not_fit(harness: Recording, tmp_path: Path) -> None:
    """What the job type refuses about the value is said without the value."""
    put(tmp_path, f"refuse me: {VALUES[0]}")
    job = harness.submit_leak("nothing")
    harness.work()
    error = harness.job(job).error
    assert error is not None
    assert error.code == "payload_invalid"
    assert VALUES[0] not in "".join(harness.seen)
