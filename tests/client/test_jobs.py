"""The contract of the client's jobs, for the service and the fake, sync and async."""

import pickle
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from dormouse import (
    ConfigurationError,
    Dormouse,
    DormouseError,
    JobCancelled,
    JobFailed,
    NotFinished,
    NotFound,
    RemoteError,
    ResultMismatch,
    Submission,
    SubmissionsFailed,
)


@dataclass
class Value:
    value: int


class Answer(msgspec.Struct):
    value: int


def test_a_result_comes_back(client: Dormouse) -> None:
    """A job's result is what its handler returned."""
    job = client.submit("client.echo", {"value": [1, "ü", None]})
    assert job.status == "queued"
    assert job.result(timeout=60) == {"value": [1, "ü", None]}
    assert job.status == "queued", "a job is data, and does not change by itself"
    assert job.refresh().status == "succeeded"


def test_payloads_and_results_may_have_types(client: Dormouse) -> None:
    """A dataclass goes there, and a struct comes back."""
    job = client.submit("client.echo", Value(7), returns=Answer)
    assert job.result(timeout=60) == Answer(7)


class Model:
    """Has the two methods of pydantic's models that the client knows, which is all it needs."""

    def __init__(self, value: int) -> None:
        self.value = value

    def model_dump(self, *, mode: str) -> dict[str, int]:
        assert mode == "json"
        return {"value": self.value}

    @classmethod
    def model_validate_json(cls, text: bytes) -> "Model":
        return cls(msgspec.json.decode(text)["value"])


def test_models_of_pydantic_go_there_and_back(client: Dormouse) -> None:
    """Also inside of other values."""
    job = client.submit("client.echo", Model(7), returns=Model)
    assert job.result(timeout=60).value == 7
    nested = client.submit("client.echo", {"value": [Model(8)]})
    assert nested.result(timeout=60) == {"value": [{"value": 8}]}


def test_a_payload_may_be_another_jobs(client: Dormouse) -> None:
    """As it came from the service."""
    first = client.submit("client.echo", {"value": {"a": [1]}})
    second = client.submit(first.type, first.payload)
    assert second.result(timeout=60) == {"value": {"a": [1]}}


def test_a_result_of_another_type_is_said_to_be(client: Dormouse) -> None:
    """A result that doesn't fit `returns` raises; the job still has its JSON."""
    job = client.submit("client.echo", {"value": "seven"}, returns=Answer)
    with pytest.raises(ResultMismatch, match="Answer"):
        job.result(timeout=60)
    done = job.wait()
    assert bytes(done.output) == b'{"value":"seven"}'


def test_a_failed_job_raises_its_error(client: Dormouse) -> None:
    """`result` raises what became of the job; `wait` gives it."""
    job = client.submit("client.fail", {"value": "no such card"})
    with pytest.raises(JobFailed, match="no such card") as raised:
        job.result(timeout=60)
    assert raised.value.code == "permanent_error"
    assert raised.value.job.error is not None
    assert job.wait().status == "failed"


def test_errors_go_between_processes(client: Dormouse) -> None:
    """As those who wait in a pool of processes expect."""
    failing = client.submit("client.fail", {"value": "no such card"})
    late = client.submit("client.echo", {"value": 1}, delay=3600)
    for provoke in (
        failing.result,
        late.cancel().result,
        lambda: late.wait(timeout=0),
        lambda: client.get("0" * 32),
        lambda: client.submit_many([Submission("no.such")]),
    ):
        with pytest.raises(DormouseError) as raised:
            provoke()
        again = pickle.loads(pickle.dumps(raised.value))  # noqa: S301 - our own
        assert (type(again), str(again)) == (type(raised.value), str(raised.value))


def test_a_cancelled_job_raises(client: Dormouse) -> None:
    """A delayed job is cancelled, again without harm; retrying it queues it."""
    job = client.submit("client.echo", {"value": 1}, delay=timedelta(hours=1))
    assert job.cancel().status == "cancelled"
    assert job.cancel().status == "cancelled"
    with pytest.raises(JobCancelled):
        job.result(timeout=60)
    assert job.retry().status == "queued"
    assert job.result(timeout=60) == {"value": 1}


def test_a_key_makes_one_job(client: Dormouse) -> None:
    """The same key is the same job, and another request under it is refused with its code."""
    key = uuid4().hex
    first = client.submit("client.echo", {"value": 1}, idempotency_key=key)
    assert client.submit("client.echo", {"value": 1}, idempotency_key=key).id == first.id
    with pytest.raises(RemoteError) as raised:
        client.submit("client.echo", {"value": 2}, idempotency_key=key)
    assert (raised.value.status, raised.value.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize(
    "key", ["", "with space", 'with "quotes"', "ü", "a\r\nX-Other: b", "k" * 256]
)
def test_what_can_be_no_key_is_refused_before_it_is_sent(client: Dormouse, key: str) -> None:
    """Nothing of it gets into a header."""
    with pytest.raises(ConfigurationError, match="idempotency key"):
        client.submit("client.echo", {"value": 1}, idempotency_key=key)


def test_what_is_no_json_is_refused_before_anything_is_sent(client: Dormouse) -> None:
    """Not even the batches before it."""
    label = ("run", uuid4().hex)
    for payload in ({"value": float("nan")}, {"value": object()}):
        wanted = [Submission("client.echo", {"value": n}, labels=dict([label])) for n in range(501)]
        with pytest.raises(ConfigurationError, match="JSON"):
            client.submit_many([*wanted, Submission("client.echo", payload)])
    assert list(client.jobs(label=label)) == []


def test_without_a_key_each_submission_is_a_job(client: Dormouse) -> None:
    """Two equal submissions are two jobs."""
    jobs = {client.submit("client.echo", {"value": 1}).id for _ in range(2)}
    assert len(jobs) == 2


def test_an_unknown_type_is_refused(client: Dormouse) -> None:
    """The message says where to look."""
    with pytest.raises(RemoteError, match="dormouse types") as raised:
        client.submit("no.such", {})
    assert raised.value.code == "unknown_job_type"


def test_a_job_that_is_not_there(client: Dormouse) -> None:
    """`NotFound`, also for what can't be an id."""
    for job_id in ("0" * 32, "../me", "ü"):
        with pytest.raises(NotFound):
            client.get(job_id)


def test_many_jobs_are_submitted_and_awaited(client: Dormouse) -> None:
    """In order, and each result comes once."""
    wanted = [Submission("client.echo", {"value": n}) for n in range(20)]
    jobs = client.submit_many(wanted, returns=Answer)
    numbers = {job.id: n for n, job in enumerate(jobs)}
    assert len(numbers) == 20
    done = list(client.as_completed(jobs, timeout=60))
    assert sorted(job.id for job in done) == sorted(numbers)
    assert all(job.result() == Answer(numbers[job.id]) for job in done)


def test_a_refused_batch_says_which_jobs_there_are(client: Dormouse) -> None:
    """None of a refused batch was made."""
    wanted = [Submission("client.echo", {"value": 1}), Submission("no.such", {})]
    with pytest.raises(SubmissionsFailed, match="2 of 2") as raised:
        client.submit_many(wanted)
    assert raised.value.jobs == [None, None]


def test_the_first_to_end_is_given(client: Dormouse) -> None:
    """A job that waits an hour does not hold up one that does not."""
    late = client.submit("client.echo", {"value": 1}, delay=3600)
    soon = client.submit("client.echo", {"value": 2})
    assert client.wait_first([late, soon], timeout=60).id == soon.id
    late.cancel()


def test_waiting_ends_in_time(client: Dormouse) -> None:
    """A job that has not ended raises, and goes on."""
    job = client.submit("client.echo", {"value": 1}, delay=3600)
    with pytest.raises(NotFinished, match="goes on"):
        job.wait(timeout=0)
    with pytest.raises(TimeoutError):
        list(client.as_completed([job], timeout=0))
    job.cancel()


def test_jobs_are_listed_by_label(client: Dormouse) -> None:
    """Newest first, over pages, as many as are wanted."""
    label = ("run", uuid4().hex)
    wanted = [Submission("client.echo", {"value": n}, labels=dict([label])) for n in range(5)]
    made = [job.id for job in client.submit_many(wanted)]
    found = [job.id for job in client.jobs(label=label)]
    assert sorted(found) == sorted(made)
    assert [job.id for job in client.jobs(label=label, limit=3)] == found[:3]
    assert list(client.jobs(label=label, status="cancelled")) == []


def test_events_tell_everything_once(client: Dormouse) -> None:
    """Each line and the end come once, in order."""
    job = client.submit("client.talk", {"lines": 3})
    events = list(job.events())
    texts = [event.data["text"] for event in events if event.kind == "log"]
    assert texts == ["line 0", "line 1", "line 2"]
    assert events[-1].kind == "end"
    assert events[-1].data["status"] == "succeeded"
    assert [event.kind for event in events].count("end") == 1


def test_a_deleted_job_is_gone(client: Dormouse) -> None:
    """Only what has ended can be deleted."""
    job = client.submit("client.echo", {"value": 1}, delay=3600)
    with pytest.raises(RemoteError) as raised:
        job.delete()
    assert raised.value.code == "status_conflict"
    job.cancel().delete()
    with pytest.raises(NotFound):
        job.refresh()


def test_a_job_runs_no_earlier_than_it_should(client: Dormouse) -> None:
    """`run_at` in any zone is the same moment."""
    zone = timezone(timedelta(hours=5, minutes=30))
    at = datetime(2027, 1, 1, 12, tzinfo=zone)
    job = client.submit("client.echo", {"value": 1}, run_at=at)
    assert job.run_at == at
    job.cancel()


@pytest.mark.parametrize("name", ["priority", "singleton", "debounce"])
def test_what_the_service_lacks_is_said(client: Dormouse, name: str) -> None:
    """And nothing is sent."""
    asked: Any = {name: 1}
    with pytest.raises(ConfigurationError, match=name):
        client.submit("client.echo", {"value": 1}, **asked)


def test_the_service_says_who_calls_and_what_it_offers(client: Dormouse) -> None:
    """`me` and the job types."""
    assert client.me().member == "user:dev@example.com"
    assert {"client.echo", "client.fail"} <= {kind.name for kind in client.job_types()}
    assert client.job_type("client.echo").name == "client.echo"
    with pytest.raises(NotFound):
        client.job_type("no.such")
