"""What could not be delivered: list, get, redrive, delete."""

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.job.model import UNDELIVERED, Job, Status
from tests.api import expect
from tests.api.conftest import Caller, Harness
from tests.factories import T0, an_error


def _letter(harness: Harness, number: int, job: Job | None = None, **changes: Any) -> DeadLetter:
    data = JobMessage.to(job).encode() if job else b"\xff nonsense"
    fields: dict[str, Any] = {
        "id": f"{number}",
        "created_at": T0 + timedelta(seconds=number),
        "reason": Reason.UNDELIVERED if job else Reason.UNDECODABLE,
        "detail": "why",
        "data": b64encode(data).decode(),
        "deliveries": 50,
        "job_id": job.id if job else None,
    }
    dead_letter = DeadLetter(**fields | changes)
    harness.dead_letters.add(dead_letter)
    return dead_letter


def _failed(harness: Harness, number: int = 0) -> Job:
    error = an_error(code=UNDELIVERED)
    return harness.put(id=f"{number:032x}", status=Status.FAILED, error=error)


def test_list(harness: Harness, otto: Caller) -> None:
    """Letters come newest first, in pages, each with its reason and the original message."""
    for number in range(5):
        _letter(harness, number)
    first = expect.job(otto.get("/v1/dead-letters?page_size=3"))
    assert [dead_letter["id"] for dead_letter in first["dead_letters"]] == ["4", "3", "2"]
    assert first["dead_letters"][0] == {
        "id": "4",
        "created_at": "2026-03-04T05:06:11.890123Z",
        "reason": "undecodable",
        "detail": "why",
        "data": b64encode(b"\xff nonsense").decode(),
        "attributes": {},
        "deliveries": 50,
        "job_id": None,
    }
    token = first["next_page_token"]
    rest = expect.job(otto.get(f"/v1/dead-letters?page_size=3&page_token={token}"))
    assert [dead_letter["id"] for dead_letter in rest["dead_letters"]] == ["1", "0"]
    assert rest["next_page_token"] == ""


def test_list_by_reason(harness: Harness, otto: Caller) -> None:
    """A list can be of one reason only, and a token belongs to its list."""
    _letter(harness, 1)
    _letter(harness, 2, _failed(harness))
    shown = expect.job(otto.get("/v1/dead-letters?reason=undelivered&page_size=1"))
    assert [dead_letter["id"] for dead_letter in shown["dead_letters"]] == ["2"]
    token = shown["next_page_token"]
    answer = otto.get(f"/v1/dead-letters?page_token={token}")
    expect.problem(answer, 400, "invalid_page_token")


def test_get_and_delete(harness: Harness, otto: Caller) -> None:
    """A letter can be read and thrown away; its job stays as it is."""
    job = _failed(harness)
    _letter(harness, 1, job)
    assert expect.job(otto.get("/v1/dead-letters/1"))["job_id"] == job.id
    assert otto.delete("/v1/dead-letters/1").status_code == 204
    expect.problem(otto.get("/v1/dead-letters/1"), 404, "dead_letter_not_found")
    assert harness.store.get(job.id) == job


def test_redrive(harness: Harness, otto: Caller) -> None:
    """The job of a letter is queued anew and dispatched, and the letter goes."""
    job = _failed(harness)
    _letter(harness, 1, job)
    shown = expect.job(otto.post("/v1/dead-letters/1:redrive"))
    assert (shown["id"], shown["status"]) == (job.id, "queued")
    assert [job_message.job_id for job_message in harness.dispatched()] == [job.id]
    assert harness.dead_letters.get("1") is None


def test_redrive_of_a_job_that_went_on(harness: Harness, otto: Caller) -> None:
    """A job that has ended otherwise is left as it is, and the letter goes."""
    job = harness.put(status=Status.SUCCEEDED)
    _letter(harness, 1, job)
    assert expect.job(otto.post("/v1/dead-letters/1:redrive"))["status"] == "succeeded"
    assert harness.store.get(job.id) == job
    assert harness.dispatched() == []
    assert harness.dead_letters.get("1") is None


def test_redrive_what_is_no_job_message(harness: Harness, otto: Caller) -> None:
    """A letter that can't be decoded is refused and stays."""
    _letter(harness, 1)
    expect.problem(otto.post("/v1/dead-letters/1:redrive"), 409, "status_conflict")
    assert harness.dead_letters.get("1") is not None


def test_redrive_many(harness: Harness, otto: Caller) -> None:
    """All that match are redriven; those that can't be are named."""
    jobs = [_failed(harness, number) for number in range(3)]
    for number, job in enumerate(jobs):
        _letter(harness, number, job)
    _letter(harness, 7)
    shown = expect.job(otto.post("/v1/dead-letters:redrive", json={}))
    assert shown["redriven"] == ["2", "1", "0"]
    assert shown["refused"] == ["7"]
    assert sorted(job_message.job_id for job_message in harness.dispatched()) == sorted(
        job.id for job in jobs
    )


@pytest.mark.parametrize("letter_id", ["0", "..", "a/b", "__x__", "é", "x" * 2000])
def test_absent(otto: Caller, letter_id: str) -> None:
    """What is no letter is not found, whatever it is called."""
    expect.problem(otto.get(f"/v1/dead-letters/{letter_id}"), 404, "dead_letter_not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/dead-letters"),
        ("GET", "/v1/dead-letters/1"),
        ("DELETE", "/v1/dead-letters/1"),
        ("POST", "/v1/dead-letters/1:redrive"),
        ("POST", "/v1/dead-letters:redrive"),
    ],
)
def test_for_operators_only(
    harness: Harness, ada: Caller, vera: Caller, method: str, path: str
) -> None:
    """Submitters and viewers see no letters."""
    _letter(harness, 1)
    for caller in (ada, vera):
        body: dict[str, Any] = {"json": {}} if path.endswith("letters:redrive") else {}
        answer = caller.request(method, path, **body)
        expect.problem(answer, 403, "permission_denied")
