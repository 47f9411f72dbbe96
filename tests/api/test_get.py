"""GET /v1/jobs/{id}."""

import threading
from datetime import timedelta

import pytest

from identity.tokens import Verifier
from jobs.job import transitions
from jobs.job.model import AttemptOutcome, Job, Progress, Status
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, ROLES, VERA, Caller, Harness
from tests.factories import KEEP_FOR, T0, an_attempt, an_error, some_settings


def test_shows_a_running_job(harness: Harness, ada: Caller) -> None:
    """The current attempt, when it started and how far it is."""
    job = harness.put(status=Status.RUNNING, progress=Progress(fraction=0.5, message="half-way"))
    shown = expect.job(ada.get(f"/v1/jobs/{job.id}"))
    assert (shown["status"], shown["attempt"]) == ("running", 1)
    assert shown["started_at"] == "2026-03-04T05:06:07.890123Z"
    assert shown["progress"] == {"fraction": 0.5, "message": "half-way"}


def test_shows_the_attempts_that_ended(harness: Harness, ada: Caller) -> None:
    """Each ended attempt with its number, times, outcome, worker and error."""
    attempts = (an_attempt(1), an_attempt(2, outcome=AttemptOutcome.SUCCEEDED, error=None))
    job = harness.put(status=Status.SUCCEEDED, attempts=attempts)
    first, second = expect.job(ada.get(f"/v1/jobs/{job.id}"))["attempts"]
    assert first == {
        "number": 1,
        "started_at": "2026-03-04T05:06:07.890123Z",
        "ended_at": "2026-03-04T05:07:07.890123Z",
        "outcome": "failed",
        "worker": "worker-00001-abc",
        "error": {"code": "handler_error", "message": "it broke", "type": "ValueError"},
    }
    assert (second["outcome"], second["error"]) == ("succeeded", None)


@pytest.mark.parametrize(
    ("result", "shown"), [('{"rows":3}', {"rows": 3}), ("null", None), ('"text"', "text")]
)
def test_shows_the_result(harness: Harness, ada: Caller, result: str, shown: object) -> None:
    """A succeeded job has its result; the status tells a null result from none."""
    job = harness.put(status=Status.SUCCEEDED, result=result)
    found = expect.job(ada.get(f"/v1/jobs/{job.id}"))
    assert (found["status"], found["result"]) == ("succeeded", shown)


def test_tracebacks_are_for_operators(harness: Harness, ada: Caller, otto: Caller) -> None:
    """The owner sees what failed, the operator also where in the code."""
    job = harness.put(status=Status.FAILED, error=an_error(), attempts=(an_attempt(),))
    for caller, sees in ((ada, False), (otto, True)):
        one = expect.job(caller.get(f"/v1/jobs/{job.id}"))
        (listed,) = caller.get("/v1/jobs").get_json()["jobs"]
        for shown in (one, listed):
            for error in (shown["error"], shown["attempts"][0]["error"]):
                assert error["message"] == "it broke"
                assert ("traceback" in error) is sees


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        (Status.QUEUED, {"cancel"}),
        (Status.RUNNING, {"cancel"}),
        (Status.SUCCEEDED, {"delete"}),
        (Status.FAILED, {"retry", "delete"}),
        (Status.CANCELLED, {"retry", "delete"}),
    ],
)
def test_links_to_what_can_be_done(
    harness: Harness, ada: Caller, status: Status, offered: set[str]
) -> None:
    """A job in each status links to what that status allows, and each link works."""
    methods = {"self": "GET", "cancel": "POST", "retry": "POST", "delete": "DELETE"}
    for n, name in enumerate(sorted({"self"} | offered)):
        job = harness.put(id=f"{n:032x}", status=status)
        links = expect.job(ada.get(f"/v1/jobs/{job.id}"))["links"]
        assert links.keys() == {"self"} | offered
        assert ada.request(methods[name], links[name]).status_code in {200, 204}


def test_wait_answers_when_the_job_ends(
    harness: Harness, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A waiting GET answers with the result, long before its time is up."""
    job = harness.put(status=Status.RUNNING)
    looked = threading.Event()
    get = harness.store.get

    def noticed(job_id: str) -> Job | None:
        looked.set()
        return get(job_id)

    monkeypatch.setattr(harness.store, "get", noticed)

    def finish() -> None:
        looked.wait()
        done = transitions.succeed(job, T0 + timedelta(seconds=1), "7", keep_for=KEEP_FOR)
        harness.store.save(done, before=job)

    worker = threading.Thread(target=finish)
    worker.start()
    shown = expect.job(ada.get(f"/v1/jobs/{job.id}?wait=30"))
    worker.join()
    assert (shown["status"], shown["result"]) == ("succeeded", 7)


@pytest.mark.parametrize("wait", ["0", "0.01", "1e-3"])
def test_wait_answers_when_the_time_is_up(harness: Harness, ada: Caller, wait: str) -> None:
    """Who waited in vain gets the job as it is."""
    job = harness.put(status=Status.RUNNING)
    shown = expect.job(ada.get(f"/v1/jobs/{job.id}?wait={wait}"))
    assert shown["status"] == "running"


def test_wait_on_a_job_that_is_deleted_meanwhile(
    harness: Harness, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing any more that the answer could say is running."""
    job = harness.put(status=Status.RUNNING)
    seen = iter([job, None])
    monkeypatch.setattr(harness.store, "get", lambda _id: next(seen))
    expect.problem(ada.get(f"/v1/jobs/{job.id}?wait=30"), 404, "job_not_found")


def test_nobody_waits_in_all_seats(issuer: Issuer, verifier: Verifier) -> None:
    """Who holds half of the seats gets the job as it is at once; others still wait."""
    settings = some_settings(api_audiences=(AUDIENCE,), roles=ROLES, max_watchers=3)
    harness = Harness(issuer, verifier, settings)
    ada, vera = harness.caller(ADA), harness.caller(VERA)
    job = harness.put(status=Status.RUNNING)
    streams = [ada.get(f"/v1/jobs/{job.id}/events", buffered=False) for _ in range(2)]
    early = ada.get(f"/v1/jobs/{job.id}?wait=30")
    assert expect.job(early)["status"] == "running"
    assert early.headers["Retry-After"] == "1"
    waited = vera.get(f"/v1/jobs/{job.id}?wait=0.01")
    assert "Retry-After" not in waited.headers
    streams.pop().close()
    assert "Retry-After" not in ada.get(f"/v1/jobs/{job.id}?wait=0.01").headers
    streams.pop().close()


@pytest.mark.parametrize("wait", ["nan", "inf", "-1", "31", "soon", "", "1,5", "0x5", "null"])
def test_refuses_to_wait_for_what_is_no_time(harness: Harness, ada: Caller, wait: str) -> None:
    """`wait` is a number of seconds from 0 to 30."""
    job = harness.put()
    found = expect.problem(ada.get(f"/v1/jobs/{job.id}?wait={wait}"), 400, "invalid_request")
    assert "$.wait" in found.detail


def test_refuses_parameters_that_it_does_not_know(harness: Harness, ada: Caller) -> None:
    """A mistyped parameter is named, together with those that there are."""
    job = harness.put()
    found = expect.problem(ada.get(f"/v1/jobs/{job.id}?wiat=5"), 400, "invalid_request")
    assert "`wiat`" in found.detail
    assert "wait" in found.detail


def test_knows_nothing_of_the_documents_other_fields(harness: Harness, ada: Caller) -> None:
    """What is for the machinery is not shown."""
    job = harness.put(checkpoint='{"state":1}', fingerprint="f" * 64)
    shown = expect.job(ada.get(f"/v1/jobs/{job.id}"))
    inner = {"wake_at", "dispatches", "trace", "fingerprint", "checkpoint", "version", "expire_at"}
    assert not inner & shown.keys()
