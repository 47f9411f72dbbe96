"""Many jobs in one request: submit, cancel, retry."""

from typing import Any

import pytest

from jobs.job.model import Status
from tests.api import expect
from tests.api.conftest import Caller, Harness
from tests.factories import an_error
from tests.faulty import Fault

ECHO = {"type": "text.echo", "payload": {"text": "hello"}}


def _create(caller: Caller, *jobs: Any) -> Any:
    return expect.job(caller.post("/v1/jobs:batchCreate", json={"jobs": list(jobs)}), 202)


def test_create(harness: Harness, ada: Caller) -> None:
    """Every job of a batch is made and dispatched, in the batch's order."""
    shown = _create(ada, *({**ECHO, "payload": {"text": f"{n}"}} for n in range(5)))
    assert [job["payload"]["text"] for job in shown["jobs"]] == ["0", "1", "2", "3", "4"]
    assert shown["replayed"] == []
    assert [job_message.job_id for job_message in harness.dispatched()] == [
        job["id"] for job in shown["jobs"]
    ]


def test_create_all_or_nothing(harness: Harness, ada: Caller) -> None:
    """If one of them is refused, none is made, and the answer says which."""
    bad = {"type": "text.echo", "payload": {"text": 7}}
    answer = ada.post("/v1/jobs:batchCreate", json={"jobs": [ECHO, bad]})
    found = expect.problem(answer, 400, "invalid_request")
    assert "Job 1 of the batch" in found.detail
    assert ada.get("/v1/jobs").get_json()["jobs"] == []
    assert harness.dispatched() == []


def test_create_replayed(harness: Harness, ada: Caller) -> None:
    """Keys are honoured: jobs that are there are given back, the others are made."""
    first = ada.submit(key="k1").get_json()
    harness.dispatched()
    shown = _create(ada, {**ECHO, "idempotency_key": "k1"}, {**ECHO, "idempotency_key": "k2"})
    assert shown["jobs"][0]["id"] == first["id"]
    assert shown["replayed"] == [first["id"]]
    assert [job_message.job_id for job_message in harness.dispatched()] == [shown["jobs"][1]["id"]]
    again = _create(ada, {**ECHO, "idempotency_key": "k1"}, {**ECHO, "idempotency_key": "k2"})
    assert again["replayed"] == [job["id"] for job in shown["jobs"]]
    assert harness.dispatched() == []


def test_create_key_reused(harness: Harness, ada: Caller) -> None:
    """A key that stands for another request refuses the whole batch."""
    ada.submit(key="k1")
    other = {"type": "text.echo", "payload": {"text": "other"}, "idempotency_key": "k1"}
    answer = ada.post("/v1/jobs:batchCreate", json={"jobs": [ECHO, other]})
    expect.problem(answer, 422, "idempotency_key_reused")
    assert len(ada.get("/v1/jobs").get_json()["jobs"]) == 1
    assert len(harness.dispatched()) == 1


def test_create_same_key_twice(ada: Caller) -> None:
    """Two jobs of one batch can't have the same key."""
    item = {**ECHO, "idempotency_key": "k"}
    answer = ada.post("/v1/jobs:batchCreate", json={"jobs": [item, item]})
    expect.problem(answer, 422, "idempotency_key_reused")


@pytest.mark.parametrize("jobs", [[], [ECHO] * 501])
def test_create_bounds(ada: Caller, jobs: list[Any]) -> None:
    """A batch has 1 to 500 jobs."""
    answer = ada.post("/v1/jobs:batchCreate", json={"jobs": jobs})
    expect.problem(answer, 400, "invalid_request")


def test_create_larger_than_a_single_request(ada: Caller) -> None:
    """A batch may be larger than the body of a single submission, up to its own bound."""
    big = {"type": "text.echo", "payload": {"text": "x" * 200_000}}
    assert len(_create(ada, *[big] * 5)["jobs"]) == 5
    answer = ada.post("/v1/jobs:batchCreate", json={"jobs": [big] * 45})
    expect.problem(answer, 413, "request_too_large")


def test_create_answer_lost(harness: Harness, ada: Caller) -> None:
    """If it is not known whether a batch was kept, its repetition under keys makes it once."""
    harness.store.fault = Fault.MADE
    body = {"jobs": [{**ECHO, "idempotency_key": "k"}]}
    expect.problem(ada.post("/v1/jobs:batchCreate", json=body), 503, "store_unavailable")
    assert len(_create(ada, *body["jobs"])["replayed"]) == 1


def test_cancel_in_pages(harness: Harness, ada: Caller, bob: Caller) -> None:
    """All of the caller's matching jobs are cancelled, page by page, and nobody else's."""
    mine = [ada.submit().get_json()["id"] for _ in range(5)]
    labelled = ada.submit(labels={"team": "a"}).get_json()["id"]
    others = bob.submit().get_json()["id"]
    token, cancelled = "", []
    while True:
        body = {"page_size": 2, "page_token": token}
        shown = expect.job(ada.post("/v1/jobs:batchCancel", json=body))
        cancelled += shown["changed"]
        assert shown["skipped"] == []
        if not (token := shown["next_page_token"]):
            break
    assert sorted(cancelled) == sorted([*mine, labelled])
    untouched = harness.store.get(others)
    assert untouched is not None
    assert untouched.status is Status.QUEUED


def test_cancel_by_label(ada: Caller) -> None:
    """Only the jobs that match are cancelled."""
    ada.submit()
    labelled = ada.submit(labels={"team": "a"}).get_json()["id"]
    shown = expect.job(ada.post("/v1/jobs:batchCancel", json={"label": {"team": "a"}}))
    assert shown["changed"] == [labelled]


def test_retry(harness: Harness, ada: Caller) -> None:
    """The caller's failed jobs are queued again and dispatched."""
    failed = [
        harness.put(id=f"{number:032x}", status=Status.FAILED, error=an_error()).id
        for number in range(3)
    ]
    shown = expect.job(ada.post("/v1/jobs:batchRetry", json={}))
    assert sorted(shown["changed"]) == sorted(failed)
    assert sorted(job_message.job_id for job_message in harness.dispatched()) == sorted(failed)
    assert expect.job(ada.post("/v1/jobs:batchRetry", json={}))["changed"] == []


def test_operators_take_everybodys(harness: Harness, otto: Caller) -> None:
    """An operator's call changes the jobs of all."""
    job = harness.put(status=Status.FAILED, error=an_error())
    assert expect.job(otto.post("/v1/jobs:batchRetry", json={}))["changed"] == [job.id]


@pytest.mark.parametrize("verb", ["batchCreate", "batchCancel", "batchRetry"])
def test_viewers_may_not(vera: Caller, verb: str) -> None:
    """A viewer changes nothing."""
    body = {"jobs": [ECHO]} if verb == "batchCreate" else {}
    expect.problem(vera.post(f"/v1/jobs:{verb}", json=body), 403, "permission_denied")


def test_status_that_can_not_be_cancelled(ada: Caller) -> None:
    """A filter that could match nothing is refused."""
    answer = ada.post("/v1/jobs:batchCancel", json={"status": "failed"})
    expect.problem(answer, 400, "invalid_request")
