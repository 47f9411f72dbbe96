"""POST /v1/jobs."""

from datetime import timedelta
from typing import Any

import pytest

from jobs.job.model import Status
from tests.api import expect
from tests.api.conftest import ADA, Caller, Harness
from tests.factories import T0, TRACEPARENT
from tests.faulty import Fault


def test_keeps_the_job_dispatches_and_answers_202(harness: Harness, ada: Caller) -> None:
    """A submission is in the store and dispatched before it is answered, and says where to look."""
    response = ada.submit(labels={"team": "billing"})
    job = expect.job(response, 202)
    assert response.headers["Location"] == f"/v1/jobs/{job['id']}"
    kept = harness.store.get(job["id"])
    assert kept is not None
    assert (kept.owner, kept.status, kept.created_at) == (f"user:{ADA}", Status.QUEUED, T0)
    assert [job_message.job_id for job_message in harness.dispatched()] == [job["id"]]


def test_shows_every_documented_field(ada: Caller) -> None:
    """A new job has each field of the documentation; what does not apply yet is null."""
    job = expect.job(ada.submit(labels={"team": "billing"}), 202)
    path = f"/v1/jobs/{job['id']}"
    assert job == {
        "id": job["id"],
        "type": "text.echo",
        "status": "queued",
        "owner": f"user:{ADA}",
        "payload": {"text": "hello"},
        "labels": {"team": "billing"},
        "attempt": 0,
        "max_attempts": 4,
        "progress": None,
        "result": None,
        "error": None,
        "attempts": [],
        "log": [],
        "created_at": "2026-03-04T05:06:07.890123Z",
        "run_at": "2026-03-04T05:06:07.890123Z",
        "started_at": None,
        "finished_at": None,
        "notify": None,
        "links": {"self": path, "cancel": f"{path}:cancel"},
    }


def test_answers_202_when_dispatching_fails(harness: Harness, ada: Caller) -> None:
    """The document is the truth: without a job message the job waits for the sweep."""
    harness.queue.fault = Fault.NOT_MADE
    job = expect.job(ada.submit(), 202)
    kept = harness.store.get(job["id"])
    assert kept is not None
    assert kept.wake_at is not None
    assert harness.dispatched() == []


def test_answers_503_when_the_store_is_away(harness: Harness, ada: Caller) -> None:
    """Without the store nothing is promised, and the caller learns that trying again can help."""
    harness.store.fault = Fault.NOT_MADE
    response = ada.submit()
    assert expect.problem(response, 503, "store_unavailable").retryable
    assert int(response.headers["Retry-After"]) > 0
    assert harness.dispatched() == []


def test_run_at_is_kept_in_utc(ada: Caller) -> None:
    """A time with another offset is the same moment, and shown in UTC."""
    job = expect.job(ada.submit(run_at="2026-03-04T12:00:00+02:00"), 202)
    assert job["run_at"] == "2026-03-04T10:00:00Z"


def test_a_delay_counts_from_now(harness: Harness, ada: Caller) -> None:
    """A delayed job is queued with its moment, and not dispatched."""
    job = expect.job(ada.submit(delay_seconds=90.5), 202)
    kept = harness.store.get(job["id"])
    assert kept is not None
    assert kept.run_at == T0 + timedelta(seconds=90.5)
    assert harness.dispatched() == []


def test_a_time_that_is_past_is_now(harness: Harness, ada: Caller) -> None:
    """A job of yesterday starts at once."""
    job = expect.job(ada.submit(run_at="0001-01-01T00:00:00+14:00"), 202)
    assert job["run_at"] == job["created_at"]
    assert len(harness.dispatched()) == 1


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"type": 7}, "$.type"),
        ({"type": "x" * 201}, "$.type"),
        ({"payload": {"text": 7}}, "$.payload.text"),
        ({"payload": {"text": "a", "times": 10}}, "$.payload.times"),
        ({"payload": {"text": "a", "mood": "sad"}}, "$.payload.mood"),
        ({"payload": {"text": "a", "colour": "red"}}, "$.payload"),
        ({"payload": {}}, "$.payload"),
        ({"payload": None}, "$.payload"),
        ({"payload": "text"}, "$.payload"),
        ({"labels": {"Team": "a"}}, "$.labels"),
        ({"labels": {"team": "a b"}}, "$.labels"),
        ({"labels": {"team\n": "a"}}, "$.labels"),
        ({"labels": {"team": "a\n"}}, "$.labels"),
        ({"labels": {"team": "ü"}}, "$.labels"),
        ({"labels": {"team": 1}}, "$.labels"),
        ({"labels": {"a" * 64: "a"}}, "$.labels"),
        ({"labels": {"team": "a" * 64}}, "$.labels"),
        ({"labels": {f"l{n}": "a" for n in range(17)}}, "$.labels"),
        ({"labels": ["team"]}, "$.labels"),
        ({"run_at": "2026-03-04T12:00:00"}, "$.run_at"),
        ({"run_at": "tomorrow"}, "$.run_at"),
        ({"run_at": 1800000000}, "$.run_at"),
        ({"delay_seconds": -1}, "$.delay_seconds"),
        ({"delay_seconds": 366 * 86_400 + 1}, "$.delay_seconds"),
        ({"delay_seconds": "5"}, "$.delay_seconds"),
        ({"delay_seconds": 1, "run_at": "2026-03-04T12:00:00Z"}, "run_at"),
        ({"max_attempts": 0}, "$.max_attempts"),
        ({"max_attempts": 101}, "$.max_attempts"),
        ({"max_attempts": True}, "$.max_attempts"),
        ({"retry": {"factor": 0.5}}, "$.retry.factor"),
        ({"retry": {"longest_seconds": 1}}, "$.retry"),
        ({"retry": {"max_attempts": 1}}, "$.retry"),
        ({"priority": 1}, "priority"),
    ],
)
def test_names_what_is_wrong(
    harness: Harness, ada: Caller, fields: dict[str, Any], path: str
) -> None:
    """A field of a wrong type or value is refused by its path, and nothing is made."""
    found = expect.problem(ada.submit(**fields), 400, "invalid_request")
    assert path in found.detail
    assert not found.retryable
    assert ada.get("/v1/jobs").get_json()["jobs"] == []
    assert harness.dispatched() == []


@pytest.mark.parametrize("missing", ["type", "payload"])
def test_names_what_is_missing(ada: Caller, missing: str) -> None:
    """A required field that is not there is named."""
    body = {"type": "text.echo", "payload": {"text": "hello"}}
    del body[missing]
    found = expect.problem(ada.post("/v1/jobs", json=body), 400, "invalid_request")
    assert f"`{missing}`" in found.detail


@pytest.mark.parametrize("run_at", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00"])
def test_refuses_to_wait_for_ever(ada: Caller, run_at: str) -> None:
    """A job waits a year and a day at most."""
    found = expect.problem(ada.submit(run_at=run_at), 400, "invalid_request")
    assert "366 days" in found.detail


def test_an_unknown_job_type_names_the_known_ones(ada: Caller) -> None:
    """Who mistypes a job type learns which there are."""
    found = expect.problem(ada.submit(type="text.ecko"), 400, "unknown_job_type")
    assert "text.echo" in found.detail
    assert "number.count" in found.detail


def test_a_payload_above_the_limit_is_refused(ada: Caller) -> None:
    """256 KiB of JSON are taken to the byte, and not one more."""
    limit = 256 * 1024
    text = "a" * (limit - len('{"text":""}'))
    just = f'{{"type":"text.echo","payload":{{"text":"{text}"}}}}'
    assert ada.post("/v1/jobs", data=just, content_type="application/json").status_code == 202
    over = just.replace('"a', '"aa', 1)
    response = ada.post("/v1/jobs", data=over, content_type="application/json")
    assert "262144" in expect.problem(response, 413, "payload_too_large").detail


def test_the_payload_is_kept_byte_for_byte(harness: Harness, ada: Caller) -> None:
    """What the caller wrote comes back as it was written, white space and escapes too."""
    payload = (
        '{ "text" : "\\u00e9\\ud83d\\ude00 \\u0000",\n "more": [1.0, 1e2, 123456789012345678901] }'
    )
    body = f'{{"type":"text.echo","payload":{payload}}}'
    job = expect.job(ada.post("/v1/jobs", data=body, content_type="application/json"), 202)
    kept = harness.store.get(job["id"])
    assert kept is not None
    assert bytes(kept.payload).decode() == payload
    assert payload in ada.get(f"/v1/jobs/{job['id']}").get_data(as_text=True)


def test_the_trace_of_the_caller_goes_along(harness: Harness, ada: Caller) -> None:
    """The job carries the trace that its submission belongs to, which is the request's id too."""
    response = ada.post(
        "/v1/jobs",
        json={"type": "text.echo", "payload": {"text": "hello"}},
        headers={"traceparent": TRACEPARENT},
    )
    kept = harness.store.get(expect.job(response, 202)["id"])
    assert kept is not None
    assert kept.trace == TRACEPARENT
    assert response.headers["X-Request-Id"] in TRACEPARENT


def test_a_job_may_bring_its_own_waits(harness: Harness, ada: Caller) -> None:
    """What is given takes the place of the job type's policy; the rest of it stays."""
    job = expect.job(ada.submit(retry={"first_seconds": 1}, max_attempts=9), 202)
    kept = harness.store.get(job["id"])
    assert kept is not None
    assert kept.retry is not None
    assert (kept.retry.first_seconds, kept.retry.longest_seconds) == (1, 60)
    assert kept.max_attempts == 9
