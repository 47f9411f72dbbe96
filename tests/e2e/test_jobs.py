"""The way of a job through the whole system, over HTTP, in both modes."""

from datetime import datetime
from uuid import uuid4

from local.services import url
from tests.e2e.conftest import ThirdParty
from tests.e2e.system import System


def test_a_job_goes_all_the_way(system: System) -> None:
    """Submitted, run by the worker, and its result is what the other server answered."""
    job = system.submit("http.request", {"url": f"{url(system.ports.local)}/hello"})
    done = system.finished(job)
    assert done["status"] == "succeeded", done
    assert done["result"]["status"] == 200
    assert "from the local cloud" in done["result"]["body"]
    assert done["attempt"] == 1
    assert done["owner"] == "user:dev@example.com"


def test_a_table_is_profiled(system: System) -> None:
    """DuckDB runs in the worker."""
    text = "city,people\nBern,134591\nThun,43734\n"
    done = system.finished(system.submit("table.profile", {"text": text}))
    assert done["status"] == "succeeded", done
    assert done["result"]["rows"] == 2
    assert [column["name"] for column in done["result"]["columns"]] == ["city", "people"]


def test_a_delayed_job_waits(system: System) -> None:
    """A job with a delay starts no earlier than it should."""
    payload = {"url": f"{url(system.ports.local)}/hello"}
    done = system.finished(system.submit("http.request", payload, delay_seconds=2))
    assert done["status"] == "succeeded", done
    assert moment(done["run_at"]) <= moment(done["started_at"])
    assert (moment(done["started_at"]) - moment(done["created_at"])).total_seconds() >= 2


def test_a_cancelled_job_never_starts(system: System) -> None:
    """Cancelling ends a job that waits; cancelling again says that it can't be."""
    payload = {"url": f"{url(system.ports.local)}/hello"}
    job = system.submit("http.request", payload, delay_seconds=3600)
    answer = system.call("POST", f"/v1/jobs/{job['id']}:cancel")
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "cancelled"
    assert system.call("GET", f"/v1/jobs/{job['id']}").json()["started_at"] is None


def test_a_failed_job_is_tried_again_on_request(system: System, third_party: ThirdParty) -> None:
    """A final refusal fails the job at once; after a retry it succeeds."""
    payload = {"url": third_party.url(f"/status/404/{uuid4().hex}")}
    failed = system.finished(system.submit("http.request", payload))
    assert (failed["status"], failed["attempt"]) == ("failed", 1), failed
    answer = system.call("POST", f"/v1/jobs/{failed['id']}:retry")
    assert answer.status_code in {200, 202}, answer.text
    done = system.finished(failed)
    assert done["status"] == "succeeded", done
    assert done["result"]["body"] == "thank you"


def test_a_passing_fault_is_retried_unasked(system: System, third_party: ThirdParty) -> None:
    """A 503 is tried again by itself, with the same idempotency key."""
    name = uuid4().hex
    payload = {"url": third_party.url(f"/status/503/{name}"), "method": "POST", "body": "x"}
    done = system.finished(system.submit("http.request", payload))
    assert (done["status"], done["attempt"]) == ("succeeded", 2), done
    keys = {
        headers["Idempotency-Key"] for path, headers in third_party.received if path.endswith(name)
    }
    assert len(keys) == 1


def test_a_key_makes_one_job_of_two_requests(system: System) -> None:
    """The same key gives the first job back; with another request it is refused."""
    key = uuid4().hex
    body = {"type": "http.request", "payload": {"url": f"{url(system.ports.local)}/hello"}}
    first = system.call("POST", "/v1/jobs", body, Idempotency_Key=key)
    second = system.call("POST", "/v1/jobs", body, Idempotency_Key=key)
    assert first.status_code == 202, first.text
    assert second.json()["id"] == first.json()["id"]
    other = system.call("POST", "/v1/jobs", {**body, "labels": {"a": "b"}}, Idempotency_Key=key)
    assert other.status_code == 422, other.text
    system.finished(first.json())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
