"""The `Idempotency-Key` header."""

from typing import Any

import pytest
from werkzeug.test import Client

from jobs.errors import VersionConflict
from jobs.job.model import Status
from tests.api import expect
from tests.api.conftest import Caller, Harness
from tests.faulty import Fault


def test_a_repetition_gets_the_first_job_back(harness: Harness, ada: Caller) -> None:
    """The same request under the same key makes one job and is marked as a replay."""
    first = ada.submit(key="order-1", labels={"a": "1", "b": "2"})
    again = ada.submit(key="order-1", labels={"b": "2", "a": "1"})
    assert expect.job(first, 202) == expect.job(again, 202)
    assert again.headers["Location"] == first.headers["Location"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(harness.dispatched()) == 1


def test_a_replay_shows_the_job_as_it_is_now(ada: Caller) -> None:
    """What happened to the job since its submission is in the answer."""
    job = expect.job(ada.submit(key="order-1"), 202)
    ada.post(f"/v1/jobs/{job['id']}:cancel")
    assert expect.job(ada.submit(key="order-1"), 202)["status"] == Status.CANCELLED


@pytest.mark.parametrize(
    "other",
    [
        {"payload": {"text": "good-bye"}},
        {"payload": {"text": "hello", "times": 1}},
        {"type": "number.count", "payload": {"to": 1}},
        {"labels": {"a": "1"}},
        {"delay_seconds": 0},
        {"max_attempts": 4},
        {"retry": {}},
    ],
)
def test_the_key_is_for_one_request(harness: Harness, ada: Caller, other: dict[str, Any]) -> None:
    """Another request under the same key is refused, and changes nothing."""
    ada.submit(key="order-1")
    harness.dispatched()
    expect.problem(ada.submit(key="order-1", **other), 422, "idempotency_key_reused")
    assert len(ada.get("/v1/jobs").get_json()["jobs"]) == 1
    assert harness.dispatched() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"delay_seconds": 60},
        {"run_at": "2026-03-05T00:00:00Z"},
        {"retry": {"factor": 3}},
        {"payload": {"text": "hello", "more": [1, 1.5, {"a": 123456789012345678901}]}},
    ],
)
def test_every_request_can_be_repeated(
    harness: Harness, ada: Caller, fields: dict[str, Any]
) -> None:
    """Also one whose moment depends on when it is sent."""
    first = expect.job(ada.submit(key="order-1", **fields), 202)
    harness.clock.sleep(30)
    again = ada.submit(key="order-1", **fields)
    assert expect.job(again, 202) == first


def test_the_same_moment_is_the_same_request(ada: Caller) -> None:
    """A time means its moment, however it is written."""
    first = ada.submit(key="order-1", run_at="2026-03-05T00:00:00Z")
    again = ada.submit(key="order-1", run_at="2026-03-05T02:00:00.000+02:00")
    assert expect.job(again, 202) == expect.job(first, 202)


def test_quoted_or_bare(ada: Caller) -> None:
    """The draft quotes the key, many clients don't: both mean the same."""
    first = expect.job(ada.submit(key='"order-1"'), 202)
    assert expect.job(ada.submit(key="order-1"), 202)["id"] == first["id"]


def test_keys_of_two_callers_are_two_keys(ada: Caller, bob: Caller) -> None:
    """The same key in another's hand makes another job, and betrays nothing."""
    first = expect.job(ada.submit(key="order-1"), 202)
    second = bob.submit(key="order-1", payload={"text": "mine"})
    assert expect.job(second, 202)["id"] != first["id"]
    assert "Idempotency-Replayed" not in second.headers


def test_without_a_key_every_request_makes_a_job(ada: Caller) -> None:
    """Two equal submissions are two jobs."""
    assert expect.job(ada.submit(), 202)["id"] != expect.job(ada.submit(), 202)["id"]


@pytest.mark.parametrize(
    "key", ["a" * 255, '"' + "a" * 255 + '"', "~!#$%&'()*+-./:;<=>?@[]^_`{|}", '"a,b"']
)
def test_keys_that_are_taken(ada: Caller, key: str) -> None:
    """Any visible ASCII but quotes and backslashes, up to 255 characters."""
    assert ada.submit(key=key).status_code == 202


@pytest.mark.parametrize(
    "key",
    [
        "",
        " ",
        "a b",
        "a,b",
        '"a","b"',
        '"a",b',
        "a" * 256,
        '"a',
        'a"',
        '""',
        'a"b',
        "a\\b",
        "ä",
        "a\tb",
        '"a" b',
    ],
)
def test_keys_that_are_refused(harness: Harness, ada: Caller, key: str) -> None:
    """A key that could be mistaken makes no job."""
    body = {"type": "text.echo", "payload": {"text": "hello"}}
    response = ada.post("/v1/jobs", json=body, headers={"Idempotency-Key": key})
    assert "Idempotency-Key" in expect.problem(response, 400, "invalid_request").detail
    assert harness.dispatched() == []


def test_a_key_is_given_once(harness: Harness, ada: Caller) -> None:
    """Two headers are not the one key that they become on their way."""
    body = {"type": "text.echo", "payload": {"text": "hello"}}
    headers = [*ada.headers.items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    response = Client(ada.app).post("/v1/jobs", json=body, headers=headers)
    expect.problem(response, 400, "invalid_request")
    assert harness.dispatched() == []


def test_a_submission_without_an_answer_can_be_repeated(harness: Harness, ada: Caller) -> None:
    """Whether the store kept the job or not: repeating under the key makes one job."""
    for n, fault in enumerate(Fault):
        harness.store.fault = fault
        expect.problem(ada.submit(key=f"order-{n}"), 503, "store_unavailable")
        job = expect.job(ada.submit(key=f"order-{n}"), 202)
        assert expect.job(ada.submit(key=f"order-{n}"), 202)["id"] == job["id"]
    assert len(ada.get("/v1/jobs").get_json()["jobs"]) == len(Fault)


def test_the_first_job_is_deleted_just_now(
    harness: Harness, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who meets a key whose job is going away is told to try again."""
    ada.submit(key="order-1")
    monkeypatch.setattr(harness.store, "get_all", lambda _ids: {})
    found = expect.problem(ada.submit(key="order-1"), 409, VersionConflict.code)
    assert found.retryable


def test_a_key_is_free_again_once_its_job_is_deleted(ada: Caller) -> None:
    """A key lasts as long as its job."""
    job = expect.job(ada.submit(key="order-1"), 202)
    ada.post(f"/v1/jobs/{job['id']}:cancel")
    ada.delete(f"/v1/jobs/{job['id']}")
    again = ada.submit(key="order-1", payload={"text": "good-bye"})
    assert expect.job(again, 202)["status"] == "queued"
