"""Job messages: what goes through the queue, and what comes out of it."""

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.dispatch.queue import SNAPSHOT_LIMIT, JobMessage
from jobs.errors import UndecodableMessage
from jobs.job.model import Job, Progress, Version
from tests.factories import T0, a_job, an_attempt, an_error


def _kept(**changes: Any) -> Job:
    return a_job(version=Version("1772600767.890123000"), **changes)


@pytest.mark.parametrize(
    "job",
    [
        _kept(),
        _kept(labels={"team": "böse 🐭", "empty": ""}, run_at=T0 + timedelta(microseconds=1)),
        _kept(attempt=2, attempts=(an_attempt(1), an_attempt(2, error=None)), error=an_error()),
        _kept(progress=Progress(fraction=0.25, message="¼"), trace=None, fingerprint="f" * 64),
        _kept(checkpoint='{"state":{"page":7}}'),
        _kept(payload=msgspec.Raw(b'{"text" :"a\\u00e4" , "rest":1e2}')),
    ],
)
def test_round_trip(job: Job) -> None:
    """A job message carries the job exactly as it was saved, its payload byte for byte."""
    job_message = JobMessage.decode(JobMessage.to(job).encode())
    assert job_message == JobMessage.to(job)
    assert job_message.job == job


def _of_size(text_length: int) -> JobMessage:
    payload = msgspec.json.encode({"text": "x" * text_length})
    return JobMessage.to(_kept(payload=msgspec.Raw(payload)))


def test_a_large_job_is_left_out() -> None:
    """A job message is never larger than its limit: past it, it only names the job."""
    fixed = len(msgspec.json.encode(_of_size(0)))
    fits = _of_size(SNAPSHOT_LIMIT - fixed)
    assert len(fits.encode()) == SNAPSHOT_LIMIT
    assert JobMessage.decode(fits.encode()) == fits
    beyond = _of_size(SNAPSHOT_LIMIT - fixed + 1)
    assert JobMessage.decode(beyond.encode()) == JobMessage(
        job_id=beyond.job_id, version=beyond.version
    )


def test_fields_of_a_newer_release() -> None:
    """Fields that this release does not know are passed over, on the job message and on its job."""
    data = json.loads(JobMessage.to(_kept()).encode())
    data["priority"] = 5
    data["job"]["colour"] = {"deep": [1, 2]}
    assert JobMessage.decode(json.dumps(data).encode()) == JobMessage.to(_kept())


_JOB_MESSAGE = json.loads(JobMessage.to(_kept()).encode())


def _changed(**changes: Any) -> bytes:
    return json.dumps(_JOB_MESSAGE | changes).encode()


def _changed_job(**changes: Any) -> bytes:
    return _changed(job=_JOB_MESSAGE["job"] | changes)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"42",
        b"\xff\xfe",
        b"\x00",
        b'{"job_id": "\xff", "version": "1"}',
        b'{"job_id": "a"}',
        b'{"job_id": "a", "version": 1}',
        b'{"job_id": null, "version": "1"}',
        JobMessage.to(_kept()).encode()[:-1],
        JobMessage.to(_kept()).encode() + b"{}",
        b'{"job_id": "a", "version": "1", "new": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 100_000,
        _changed(job_id="another"),
        _changed(version="another"),
        _changed(job={}),
        _changed_job(status="sleeping"),
        _changed_job(attempt="1"),
        _changed_job(attempts=[{"number": 1}]),
        _changed_job(run_at="yesterday"),
        _changed_job(run_at="2026-03-04T05:06:07"),
        _changed_job(wake_at=1772600767),
        _changed_job(labels={"a": 1}),
        _changed_job(id="another"),
        _changed_job(version="another"),
    ],
)
def test_what_is_no_job_message(data: bytes) -> None:
    """Whatever is not a job message is refused as such, and never by another exception."""
    with pytest.raises(UndecodableMessage):
        JobMessage.decode(data)


@given(st.binary(max_size=200))
def test_garbage(data: bytes) -> None:
    """No bytes whatever raise another exception."""
    with pytest.raises(UndecodableMessage):
        JobMessage.decode(data)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(field=st.sampled_from(sorted(_JOB_MESSAGE["job"])), value=_JSON)
def test_any_field_replaced(field: str, value: Any) -> None:
    """A job message with any field replaced by anything is decoded or refused."""
    try:
        job_message = JobMessage.decode(_changed_job(**{field: value}))
    except UndecodableMessage:
        return
    assert job_message.job is not None
    # What was taken can be used: its times can be compared.
    assert job_message.job.run_at.tzinfo is not None
    assert job_message.job.created_at <= job_message.job.run_at + timedelta(days=366)
