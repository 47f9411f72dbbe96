"""GET /v1/jobs/{id}/events."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from api.app import STOP
from api.dependencies import Dependencies
from api.watching import routes as job_watching
from jobs.job import transitions
from jobs.job.model import Job, LogLine, Progress, Status
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, ROLES, Caller, Harness
from tests.factories import KEEP_FOR, T0, some_settings

LINE = LogLine(number=1, time=T0, level="INFO", text="line\nbreak ü")
DONE = Status.SUCCEEDED


class Stream:
    """An answer that is read as it comes."""

    def __init__(self, caller: Caller, job: Job, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._response = Client(caller.app).get(
            f"/v1/jobs/{job.id}/events", headers=caller.headers | named, buffered=False
        )
        assert self._response.status_code == 200
        self._chunks: Iterator[Any] = iter(self._response.response)
        assert next(self._chunks) == b"retry: 2000\n"

    def next(self) -> tuple[str, Any, str]:
        """The next event's name, data and id."""
        fields = dict(line.split(": ", 1) for line in next(self._chunks).decode().splitlines()[:3])
        return fields["event"], json.loads(fields["data"]), fields["id"]

    def raw(self) -> bytes:
        chunk: bytes = next(self._chunks)
        return chunk

    def rest(self) -> bytes:
        return b"".join(self._chunks)

    def close(self) -> None:
        self._response.close()


@pytest.fixture
def running(harness: Harness) -> Job:
    progress = Progress(fraction=0.5, message="half-way")
    return harness.put(status=Status.RUNNING, progress=progress, log=(LINE,))


def deps_of(harness: Harness) -> Dependencies:
    found = harness.app.extensions["dormouse"]
    assert isinstance(found, Dependencies)
    return found


def finish(harness: Harness, job: Job) -> Job:
    return harness.store.save(transitions.succeed(job, T0, "7", keep_for=KEEP_FOR), before=job)


def test_a_job_is_watched_to_its_end(harness: Harness, ada: Caller, running: Job) -> None:
    """What it is comes at once, what it becomes as soon as it is, and then the answer ends."""
    stream = Stream(ada, running)
    name, status, _ = stream.next()
    assert (name, status["status"], status["attempt"]) == ("status", "running", 1)
    name, line, _ = stream.next()
    assert (name, line) == (
        "log",
        {
            "number": 1,
            "time": "2026-03-04T05:06:07.890123Z",
            "level": "INFO",
            "text": "line\nbreak ü",
        },
    )
    name, progress, _ = stream.next()
    assert (name, progress) == (
        "progress",
        {"attempt": 1, "fraction": 0.5, "message": "half-way"},
    )
    finish(harness, running)
    assert [stream.next()[1]["status"] for _ in range(2)] == ["succeeded"] * 2
    assert stream.rest() == b""
    stream.close()


def test_it_is_a_stream_that_nobody_keeps(ada: Caller, harness: Harness) -> None:
    """Its type is that of server-sent events; neither caches nor proxies hold it back."""
    job = harness.put(status=DONE)
    response = ada.get(f"/v1/jobs/{job.id}/events")
    assert response.headers["Content-Type"] == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Accel-Buffering"] == "no"
    assert "Content-Length" not in response.headers


def test_coming_back_goes_on_behind_the_last_event(
    harness: Harness, ada: Caller, running: Job
) -> None:
    """With the last id nothing comes twice; after the end there is nothing to come back for."""
    stream = Stream(ada, running)
    ids = [stream.next()[2] for _ in range(3)]
    stream.close()
    done = finish(harness, running)
    stream = Stream(ada, done, Last_Event_ID=ids[1])
    names = [stream.next() for _ in range(3)]
    assert [name for name, _, _ in names] == ["progress", "status", "end"]
    again = ada.get(f"/v1/jobs/{done.id}/events", headers={"Last-Event-ID": names[-1][2]})
    assert (again.status_code, again.data) == (204, b"")


def test_a_quiet_job_is_heard_of(
    ada: Caller, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Comments keep the connection, as many as it takes."""
    monkeypatch.setattr(job_watching, "HEARTBEAT_SECONDS", 0.01)
    stream = Stream(ada, running)
    for _ in range(3):
        stream.next()
    assert [stream.raw(), stream.raw()] == [b":\n"] * 2
    stream.close()


def test_an_answer_lasts_for_a_bounded_time(
    ada: Caller, running: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends without an end; the client comes back."""
    monkeypatch.setattr(job_watching, "LONGEST_SECONDS", 0.01)
    stream = Stream(ada, running)
    assert b"event: end" not in stream.rest()


def test_a_process_that_must_stop_ends_its_streams(
    harness: Harness, ada: Caller, running: Job
) -> None:
    """At once, and without an end."""
    stream = Stream(ada, running)
    for _ in range(3):
        stream.next()
    rest: list[bytes] = []
    reader = threading.Thread(target=lambda: rest.append(stream.rest()))
    reader.start()
    harness.app.extensions[STOP]()
    reader.join()
    assert b"event" not in rest[0]


def test_a_job_that_is_deleted_ends(harness: Harness, ada: Caller) -> None:
    """With an end whose status is null; what comes back after it finds no job."""
    job = harness.put(status=Status.RUNNING)
    stream = Stream(ada, job)
    stream.next()
    harness.store.delete(job.id, job.version)
    name, data, event_id = stream.next()
    assert (name, data) == ("end", {"status": None, "job": f"/v1/jobs/{job.id}"})
    back = ada.get(f"/v1/jobs/{job.id}/events", headers={"Last-Event-ID": event_id})
    expect.problem(back, 404, "job_not_found")


@pytest.mark.parametrize("job_id", ["0" * 32, "x", "a/b", "0123456789ABCDEF0123456789ABCDEF"])
def test_a_job_that_there_is_not(ada: Caller, job_id: str) -> None:
    """Is a 404, as is what can be no id."""
    expect.problem(ada.get(f"/v1/jobs/{job_id}/events"), 404, "job_not_found")


def test_the_jobs_of_others(bob: Caller, vera: Caller, running: Job) -> None:
    """Are not there, unless one may see them."""
    expect.problem(bob.get(f"/v1/jobs/{running.id}/events"), 404, "job_not_found")
    Stream(vera, running).close()


def test_traces_are_not_told(harness: Harness, otto: Caller) -> None:
    """Not even to operators, who find them in the job."""
    job = harness.put(status=Status.FAILED)
    assert b"traceback" not in otto.get(f"/v1/jobs/{job.id}/events").data


@pytest.fixture
def one_seat(issuer: Any, verifier: Any) -> Harness:
    settings = some_settings(api_audiences=(AUDIENCE,), roles=ROLES, max_watchers=1)
    return Harness(issuer, verifier, settings)


def test_watchers_are_bounded(one_seat: Harness) -> None:
    """Beyond it 503 says when to come back; everything else is answered, and seats come free."""
    ada = one_seat.caller(ADA)
    job = one_seat.put(status=Status.RUNNING)

    def ask(job_id: str = job.id) -> TestResponse:
        return ada.get(f"/v1/jobs/{job_id}/events", buffered=False)

    stream = Stream(ada, job)
    full = ask()
    expect.problem(full, 503, "too_many_watchers")
    assert full.headers["Retry-After"] == "5"
    expect.job(ada.get(f"/v1/jobs/{job.id}"))
    stream.close()

    expect.problem(ask("0" * 32), 404, "job_not_found")
    head = ada.request("HEAD", f"/v1/jobs/{job.id}/events")
    assert (head.status_code, head.data) == (200, b"")
    head.close()
    one_seat.store.save(transitions.cancel(job, T0, keep_for=KEEP_FOR), before=job)
    last = ask()
    assert b"event: end" in last.data
    last.close()
    assert deps_of(one_seat).seats.taken == 0
    assert deps_of(one_seat).job_watches._of_job == {}
