"""What becomes of an order: the job that it asks for, or a clear refusal."""

from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest

from jobs.errors import InvalidRequest, PayloadTooLarge, UnknownJobType
from jobs.job.model import Job, Status
from jobs.job.order import MAX_DELAY, MAX_PAYLOAD_BYTES, Order, derived_id, job_for
from jobs.job.retry import MAX_ATTEMPTS, RetryPolicy
from jobs.job.transitions import REDISPATCH_DELAY, SHORT_WAIT
from tests.factories import T0, TRACEPARENT, a_registry, an_order

SECOND = timedelta(seconds=1)
INSTANT = timedelta(microseconds=1)


def _job(**changes: Any) -> Job:
    return _job_for(an_order(**changes))


def _job_for(order: Order, now: datetime = T0) -> Job:
    return job_for(order, a_registry(), now, lambda: "new-id")


def test_an_order_becomes_a_job() -> None:
    """A job starts queued, at once, dispatched, with its type's number of attempts."""
    assert _job(labels={"team": "blue"}, trace=TRACEPARENT) == Job(
        id="new-id",
        type="words.say",
        owner="user:ada@example.com",
        payload=msgspec.Raw(b'{"text": "hello"}'),
        max_attempts=3,
        created_at=T0,
        run_at=T0,
        status=Status.QUEUED,
        labels={"team": "blue"},
        wake_at=T0 + REDISPATCH_DELAY,
        dispatches=1,
        trace=TRACEPARENT,
    )


@pytest.mark.parametrize("wait", [timedelta(), INSTANT, SHORT_WAIT])
def test_a_short_wait_is_dispatched_for_at_once(wait: timedelta) -> None:
    """Up to a short wait, the job is dispatched now and the worker waits it out."""
    for job in (_job(delay=wait), _job(run_at=T0 + wait)):
        assert (job.run_at, job.dispatches, job.wake_at) == (
            T0 + wait,
            1,
            T0 + wait + REDISPATCH_DELAY,
        )


@pytest.mark.parametrize("wait", [SHORT_WAIT + INSTANT, timedelta(days=1), MAX_DELAY])
def test_a_long_wait_is_the_sweep_s(wait: timedelta) -> None:
    """A longer wait is not dispatched: the sweep looks at the job when it is over."""
    for job in (_job(delay=wait), _job(run_at=T0 + wait)):
        assert (job.run_at, job.dispatches, job.wake_at) == (T0 + wait, 0, T0 + wait)


def test_the_past_is_now() -> None:
    """A job for a time that is over starts now."""
    assert _job(run_at=T0 - timedelta(days=1)).run_at == T0


def test_other_time_zones() -> None:
    """A time in another zone is kept as the same moment in UTC."""
    there = timezone(timedelta(hours=-7))
    job = _job(run_at=(T0 + SECOND).astimezone(there))
    assert job.run_at == T0 + SECOND
    assert job.run_at.utcoffset() == timedelta()


def test_too_long_a_wait() -> None:
    """A job can't be put off for more than a year."""
    for order in (an_order(delay=MAX_DELAY + INSTANT), an_order(run_at=T0 + MAX_DELAY + INSTANT)):
        with pytest.raises(InvalidRequest, match="may wait 366 days at most"):
            _job_for(order)


def test_unknown_type() -> None:
    """An order for a type that there is not is refused, before its payload is looked at."""
    with pytest.raises(UnknownJobType):
        _job(type="no.such", payload=msgspec.Raw(b"garbage"))


def test_wrong_payload() -> None:
    """An order whose payload does not fit is refused, and the error names the path."""
    with pytest.raises(InvalidRequest, match=r"`\$\.payload\.text`"):
        _job(payload=msgspec.Raw(b'{"text": 1}'))


def test_payload_size() -> None:
    """A payload has 256 KiB of JSON at most, counted in bytes."""

    def payload(size: int) -> msgspec.Raw:
        text = b'{"text":"' + "é".encode() * ((size - 11) // 2) + b"x" * ((size - 11) % 2) + b'"}'
        assert len(text) == size
        return msgspec.Raw(text)

    allowed = payload(MAX_PAYLOAD_BYTES)
    assert _job(payload=allowed).payload == allowed
    with pytest.raises(PayloadTooLarge, match="at most 262144 bytes"):
        _job(payload=payload(MAX_PAYLOAD_BYTES + 1))


def test_the_payload_outlives_its_request() -> None:
    """The job holds its own copy of the payload, not the buffer of a whole request."""

    class Body(msgspec.Struct):
        payload: msgspec.Raw

    request = b'{"payload":{"text":"hello"},"and":"' + b"x" * 1000 + b'"}'
    part = msgspec.json.decode(request, type=Body).payload
    job = _job(payload=part)
    assert bytes(job.payload) == b'{"text":"hello"}'
    with memoryview(job.payload) as view:
        assert view.obj is not request
        assert len(bytes(view)) == 16


@pytest.mark.parametrize("number", [1, MAX_ATTEMPTS])
def test_max_attempts(number: int) -> None:
    """A caller may ask for another number of attempts, within limits."""
    assert _job(max_attempts=number).max_attempts == number


@pytest.mark.parametrize("number", [0, -1, MAX_ATTEMPTS + 1])
def test_other_max_attempts(number: int) -> None:
    """Any other number of attempts is refused, and the error names the path."""
    with pytest.raises(InvalidRequest, match=r"`\$\.max_attempts`"):
        _job(max_attempts=number)


def test_own_retry_policy() -> None:
    """A caller's own policy goes with the job; a number of attempts beside it wins."""
    policy = RetryPolicy(max_attempts=7, first_seconds=1)
    assert (_job(retry=policy).retry, _job(retry=policy).max_attempts) == (policy, 7)
    assert _job(retry=policy, max_attempts=2).max_attempts == 2


# Idempotency


def test_a_key_makes_the_id() -> None:
    """The same principal's same key is the same job id; nobody else's is."""
    one = _job(idempotency_key="order-1")
    assert one.id == _job(idempotency_key="order-1").id == derived_id(one.owner, "order-1")
    assert len(one.id) == 32
    others = {
        _job(idempotency_key="order-2").id,
        _job(idempotency_key="order-1", owner="user:bob@example.com").id,
        # Owner and key do not run into one another.
        _job(idempotency_key="morder-1", owner="user:ada@example.co").id,
    }
    assert len(others | {one.id}) == 4


def test_without_a_key() -> None:
    """Without a key the id is new and there is nothing to compare."""
    job = _job()
    assert (job.id, job.fingerprint) == ("new-id", None)


_FIRST: dict[str, Any] = {
    "payload": msgspec.Raw(b'{"text": "h\xc3\xa9", "times": 2}'),
    "labels": {"a": "1", "b": "2"},
    "idempotency_key": "k",
}


@pytest.mark.parametrize(
    "spelling",
    [
        {"payload": msgspec.Raw(b'{"times":2,"text":"h\\u00e9"}')},
        {"payload": msgspec.Raw(b' {\n"text" : "h\xc3\xa9",\t"times" :2 } ')},
        {"labels": {"b": "2", "a": "1"}},
        {"trace": TRACEPARENT},
    ],
)
def test_the_same_request_spelt_otherwise(spelling: dict[str, Any]) -> None:
    """However its JSON is written, the same request has the same fingerprint."""
    assert _job(**_FIRST).fingerprint == _job(**(_FIRST | spelling)).fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"payload": msgspec.Raw(b'{"text": "h\xc3\xa9", "times": 3}')},
        {"payload": msgspec.Raw(b'{"text": "h\xc3\xa9"}')},
        {"labels": {"a": "1"}},
        {"labels": {"a": "1", "b": "3"}},
        {"run_at": T0},
        {"delay": SECOND},
        {"max_attempts": 3},
        {"retry": RetryPolicy()},
    ],
)
def test_another_request(change: dict[str, Any]) -> None:
    """Another request has another fingerprint, even if it came to the same job."""
    assert _job(**_FIRST).fingerprint != _job(**(_FIRST | change)).fingerprint


def test_the_same_request_later() -> None:
    """When a request arrives makes no difference to it, with a delay or in another zone."""
    late = T0 + timedelta(hours=1)
    for order in (
        an_order(idempotency_key="k"),
        an_order(idempotency_key="k", delay=SECOND),
        an_order(idempotency_key="k", run_at=T0),
    ):
        assert _job_for(order).fingerprint == _job_for(order, late).fingerprint
    there = T0.astimezone(timezone(timedelta(hours=2)))
    assert (
        _job(idempotency_key="k", run_at=T0).fingerprint
        == _job(idempotency_key="k", run_at=there).fingerprint
    )
