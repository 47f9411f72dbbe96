"""A job as a Firestore document, and back: whatever a job holds."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.gcp.firestore.documents import (
    changed,
    fields_of,
    fixed_fields_of,
    job_of,
    set_version,
    version_of,
)
from jobs.gcp.firestore.writes import Document
from jobs.job.model import (
    Attempt,
    AttemptOutcome,
    Job,
    JobError,
    LogLine,
    Progress,
    Status,
    Version,
)
from jobs.job.retry import RetryPolicy
from tests.factories import a_job

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
TIMES = st.datetimes(
    min_value=datetime(1, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
JSON_TEXTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
).map(lambda value: msgspec.json.encode(value).decode())
ERRORS = st.builds(
    JobError, code=TEXTS, message=TEXTS, type=st.none() | TEXTS, traceback=st.none() | TEXTS
)
ATTEMPTS = st.builds(
    Attempt,
    number=NUMBERS,
    started_at=TIMES,
    ended_at=TIMES,
    outcome=st.sampled_from(AttemptOutcome),
    worker=TEXTS,
    error=st.none() | ERRORS,
)
LINES = st.builds(LogLine, number=NUMBERS, time=TIMES, level=TEXTS, text=TEXTS)
JOBS = st.builds(
    Job,
    id=st.text("0123456789abcdef", min_size=1),
    type=TEXTS,
    owner=TEXTS,
    payload=JSON_TEXTS.map(lambda text: msgspec.Raw(text.encode())),
    max_attempts=NUMBERS,
    created_at=TIMES,
    run_at=TIMES,
    status=st.sampled_from(Status),
    labels=st.dictionaries(TEXTS, TEXTS, max_size=3),
    attempt=NUMBERS,
    progress=st.none() | st.builds(Progress, fraction=st.floats(0, 1), message=TEXTS),
    result=st.none() | JSON_TEXTS,
    error=st.none() | ERRORS,
    attempts=st.lists(ATTEMPTS, max_size=3).map(tuple),
    log=st.lists(LINES, max_size=3).map(tuple),
    started_at=st.none() | TIMES,
    finished_at=st.none() | TIMES,
    wake_at=st.none() | TIMES,
    expire_at=st.none() | TIMES,
    checkpoint=st.none() | JSON_TEXTS,
    retry=st.none() | st.builds(RetryPolicy, first_seconds=st.floats(0.1, 60)),
    dispatches=NUMBERS,
    worker=st.none() | TEXTS,
    trace=st.none() | TEXTS,
    fingerprint=st.none() | TEXTS,
)


def _document(job: Job, fields: dict[str, Any] | None = None) -> Any:
    """The document as it comes back over the wire."""
    all_fields = fields_of(job) | fixed_fields_of(job) if fields is None else fields
    sent = Document(name=f"projects/p/databases/d/documents/jobs/{job.id}", fields=all_fields)
    return Document.FromString(sent.SerializeToString())


@given(JOBS)
def test_round_trip(job: Job) -> None:
    """A job comes back from its document exactly, its payload byte for byte."""
    back = job_of(_document(job))
    assert back.evolve(version=job.version) == job
    assert bytes(back.payload) == bytes(job.payload)


@given(JOBS, JOBS)
def test_what_changed(job: Job, before: Job) -> None:
    """The fields that changed, laid over those from before, make up the job."""
    after = job.evolve(id=before.id)
    names = changed(after, before)
    fields = fields_of(before) | fixed_fields_of(before)
    for name in names:
        fields.pop(name, None)
    back = job_of(_document(before, fields | fields_of(after, names)))
    assert back.evolve(version=after.version) == after
    assert changed(after, after) == []


@given(st.integers(1, 99_999_999_999), st.integers(0, 999_999_999))
def test_versions(seconds: int, nanos: int) -> None:
    """A version becomes the time again that it was made of."""
    document = Document()
    document.update_time.seconds, document.update_time.nanos = seconds, nanos
    version = version_of(document.update_time)
    other = Document()
    set_version(version, other.update_time)
    assert other.update_time == document.update_time


@given(st.text())
def test_any_version(text: str) -> None:
    """Any text becomes a time, and none that means a document which does not exist."""
    document = Document()
    set_version(Version(text), document.update_time)
    assert (document.update_time.seconds, document.update_time.nanos) != (0, 0)


@pytest.mark.parametrize("name", ["unknown", "shard", "write_id", "label_pairs"])
def test_other_fields(name: str) -> None:
    """Fields that are no job's are passed over."""
    job = a_job()
    document = _document(job)
    document.fields[name].string_value = "anything"
    assert job_of(document).evolve(version=job.version) == job
