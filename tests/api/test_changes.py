"""Cancel, retry and delete, in every status and against somebody quicker."""

from collections.abc import Callable
from typing import Any

import pytest

from jobs.job import transitions
from jobs.job.model import Job, Status
from tests.api import expect
from tests.api.conftest import Caller, Harness
from tests.factories import KEEP_FOR, T0, an_error
from tests.faulty import Fault

LIVE = (Status.QUEUED, Status.RUNNING)
Overtake = Callable[[Job, Job], None]
TERMINAL = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


@pytest.mark.parametrize("status", LIVE)
def test_cancel_ends_a_live_job(harness: Harness, ada: Caller, status: Status) -> None:
    """A queued or running job is cancelled at once and for good."""
    job = harness.put(status=status)
    shown = expect.job(ada.post(f"/v1/jobs/{job.id}:cancel"))
    assert shown["status"] == "cancelled"
    assert shown["finished_at"] is not None
    kept = harness.store.get(job.id)
    assert kept is not None
    assert (kept.status, kept.wake_at) == (Status.CANCELLED, None)


def test_cancelling_twice_changes_nothing(harness: Harness, ada: Caller) -> None:
    """A cancelled job stays as it is, and the answer is that job."""
    job = harness.put(status=Status.CANCELLED)
    assert expect.job(ada.post(f"/v1/jobs/{job.id}:cancel"))["status"] == "cancelled"
    assert harness.store.get(job.id) == job


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
def test_cancel_leaves_a_finished_job_alone(harness: Harness, ada: Caller, status: Status) -> None:
    """What has ended otherwise can't be cancelled any more."""
    job = harness.put(status=status)
    found = expect.problem(ada.post(f"/v1/jobs/{job.id}:cancel"), 409, "status_conflict")
    assert status in found.detail
    assert harness.store.get(job.id) == job


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_retry_queues_a_job_anew(harness: Harness, ada: Caller, status: Status) -> None:
    """A failed or cancelled job gets all its attempts again and is dispatched."""
    job = harness.put(status=status)
    shown = expect.job(ada.post(f"/v1/jobs/{job.id}:retry"))
    assert (shown["status"], shown["attempt"], shown["error"]) == ("queued", 0, None)
    assert shown["finished_at"] is None
    (job_message,) = harness.dispatched()
    kept = harness.store.get(job.id)
    assert kept is not None
    assert (job_message.job_id, job_message.version) == (job.id, kept.version)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING, Status.SUCCEEDED])
def test_retry_refuses_other_jobs(harness: Harness, ada: Caller, status: Status) -> None:
    """A job that is under way or has succeeded is not done again."""
    job = harness.put(status=status)
    expect.problem(ada.post(f"/v1/jobs/{job.id}:retry"), 409, "status_conflict")
    assert harness.store.get(job.id) == job
    assert harness.dispatched() == []


def test_retry_answers_when_dispatching_fails(harness: Harness, ada: Caller) -> None:
    """The sweep will dispatch what could not be dispatched."""
    job = harness.put(status=Status.FAILED)
    harness.queue.fault = Fault.NOT_MADE
    assert expect.job(ada.post(f"/v1/jobs/{job.id}:retry"))["status"] == "queued"
    kept = harness.store.get(job.id)
    assert kept is not None
    assert kept.wake_at is not None


@pytest.mark.parametrize("status", TERMINAL)
def test_delete_removes_a_finished_job(harness: Harness, ada: Caller, status: Status) -> None:
    """A terminal job is gone; the answer is empty."""
    job = harness.put(status=status)
    response = ada.delete(f"/v1/jobs/{job.id}")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert harness.store.get(job.id) is None
    expect.problem(ada.get(f"/v1/jobs/{job.id}"), 404, "job_not_found")


@pytest.mark.parametrize("status", LIVE)
def test_delete_leaves_a_live_job_alone(harness: Harness, ada: Caller, status: Status) -> None:
    """A job under way has to be cancelled first."""
    job = harness.put(status=status)
    found = expect.problem(ada.delete(f"/v1/jobs/{job.id}"), 409, "status_conflict")
    assert status in found.detail
    assert harness.store.get(job.id) == job


@pytest.fixture
def overtake(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Overtake:
    """Makes the next read still show a job that the store already holds in its next state."""

    def overtake(before: Job, after: Job) -> None:
        harness.store.save(after, before=before)
        get, stale = harness.store.get, iter([before])
        monkeypatch.setattr(harness.store, "get", lambda job_id: next(stale, None) or get(job_id))

    return overtake


def test_cancel_meets_a_job_that_just_finished(
    harness: Harness, ada: Caller, overtake: Overtake
) -> None:
    """The transition is asked again with what the worker left, and that is not to be cancelled."""
    job = harness.put(status=Status.RUNNING)
    overtake(job, transitions.succeed(job, T0, "7", keep_for=KEEP_FOR))
    expect.problem(ada.post(f"/v1/jobs/{job.id}:cancel"), 409, "status_conflict")


def test_cancel_meets_a_job_that_just_started(
    harness: Harness, ada: Caller, overtake: Overtake
) -> None:
    """Cancelling wins over an attempt that started meanwhile."""
    job = harness.put(status=Status.QUEUED)
    overtake(job, transitions.claim(job, T0, lease=KEEP_FOR, worker="w"))
    shown = expect.job(ada.post(f"/v1/jobs/{job.id}:cancel"))
    assert shown["status"] == "cancelled"
    assert shown["attempts"][0]["outcome"] == "cancelled"


def test_delete_meets_a_job_that_was_just_retried(
    harness: Harness, ada: Caller, overtake: Overtake
) -> None:
    """A job that is under way again is not deleted."""
    job = harness.put(status=Status.FAILED, error=an_error())
    overtake(job, transitions.retry(job, T0))
    found = expect.problem(ada.delete(f"/v1/jobs/{job.id}"), 409, "version_conflict")
    assert found.retryable
    assert harness.store.get(job.id) is not None


@pytest.mark.parametrize(
    ("method", "verb", "status"),
    [
        ("POST", ":cancel", Status.QUEUED),
        ("POST", ":retry", Status.FAILED),
        ("DELETE", "", Status.FAILED),
    ],
)
def test_the_store_is_away(
    harness: Harness, ada: Caller, method: str, verb: str, status: Status
) -> None:
    """A change that could not be kept is answered with 503, and the job is as it was."""
    job = harness.put(status=status)
    harness.store.fault = Fault.NOT_MADE
    found = expect.problem(
        ada.request(method, f"/v1/jobs/{job.id}{verb}"), 503, "store_unavailable"
    )
    assert found.retryable
    assert harness.store.get(job.id) == job


@pytest.mark.parametrize(("method", "verb"), [("POST", ":cancel"), ("POST", ":retry")])
def test_a_body_is_not_asked_for(harness: Harness, ada: Caller, method: str, verb: str) -> None:
    """Custom methods take the empty object that many clients send, and nothing as well."""
    bodies: list[dict[str, Any]] = [{}, {"json": {}}]
    for n, body in enumerate(bodies):
        job = harness.put(id=f"{n:032x}", status=Status.CANCELLED)
        assert ada.request(method, f"/v1/jobs/{job.id}{verb}", **body).status_code == 200
