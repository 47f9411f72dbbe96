"""What a job looks like in Firestore, seen with Google's own client."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from google.cloud import firestore as official

from jobs.errors import VersionConflict
from jobs.gcp.firestore import FirestoreJobStore
from jobs.job.model import Progress, Status
from jobs.job.store import Filter
from jobs.settings.settings import Settings
from tests.factories import KEEP_FOR, LEASE, T0, a_job, an_attempt, an_error

pytestmark = pytest.mark.emulators


@pytest.fixture
def jobs(emulated: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The collection of jobs, in the hands of another program."""
    assert emulated.firestore_emulator
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulated.firestore_emulator)
    client: Any = official.Client(project=emulated.project)
    yield client.collection("jobs")
    client.close()


def test_a_document(firestore: FirestoreJobStore, jobs: Any) -> None:
    """A document's id is the job's, and its fields are of the types that indexes can use."""
    job = firestore.create(
        a_job(
            labels={"team": "blue"},
            attempts=(an_attempt(error=an_error(traceback=None)),),
            progress=Progress(fraction=0.5),
        )
    )
    snapshot = jobs.document(job.id).get()
    document = snapshot.to_dict()
    assert len(document.pop("write_id")) == 16
    assert document == {
        "id": job.id,
        "type": "words.say",
        "owner": "user:ada@example.com",
        "payload": '{"text": "hello"}',
        "max_attempts": 3,
        "created_at": T0,
        "run_at": T0,
        "status": "queued",
        "labels": {"team": "blue"},
        "label_pairs": ["team=blue"],
        "shard": job.shard,
        "attempt": 0,
        "attempts": [
            {
                "number": 1,
                "started_at": T0,
                "ended_at": T0 + timedelta(minutes=1),
                "outcome": "failed",
                "worker": "worker-00001-abc",
                "error": {"code": "handler_error", "message": "it broke", "type": "ValueError"},
            }
        ],
        "progress": {"fraction": 0.5},
        "log": [],
        "wake_at": T0 + timedelta(minutes=1),
        "dispatches": 1,
        "handed_back": 0,
        "trace": job.trace,
    }


def test_what_is_unset_leaves_the_document(firestore: FirestoreJobStore, jobs: Any) -> None:
    """A field that becomes None is removed, so that no index and no TTL still finds it."""
    failed = firestore.create(a_job(status=Status.FAILED))
    again = failed.evolve(status=Status.QUEUED, error=None, expire_at=None, finished_at=None)
    firestore.save(again, before=failed)
    document = jobs.document(failed.id).get().to_dict()
    assert not {"error", "expire_at", "finished_at", "wake_at"} & set(document)


def test_only_what_changed_is_written(firestore: FirestoreJobStore, jobs: Any) -> None:
    """A save leaves the fields alone that it does not change, and those that it does not know."""
    job = firestore.create(a_job())
    jobs.document(job.id).update({"note": "of a newer release", "dispatches": 5})
    latest = firestore.get(job.id)
    assert latest
    assert latest.dispatches == 5
    firestore.save(latest.evolve(worker="w"), before=latest)
    document = jobs.document(job.id).get().to_dict()
    assert (document["note"], document["dispatches"], document["worker"]) == (
        "of a newer release",
        5,
        "w",
    )


def test_another_program_s_change_is_a_change(firestore: FirestoreJobStore, jobs: Any) -> None:
    """Whoever changes the document, who has the version from before it has lost."""
    job = firestore.create(a_job())
    jobs.document(job.id).update({"note": "by hand"})
    with pytest.raises(VersionConflict):
        firestore.save(job.evolve(dispatches=2), before=job)


def test_one_bad_document_stops_nothing(
    firestore: FirestoreJobStore, jobs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A document that is no job does not keep the others of its shard from being woken."""
    job = firestore.create(a_job())
    due = {"shard": job.shard, "wake_at": T0}
    jobs.document("no-fields").set(due)
    jobs.document("unknown-status").set(
        jobs.document(job.id).get().to_dict() | due | {"status": "?"}
    )
    jobs.document("odd-time").set(due | {"wake_at": 5})
    assert firestore.due(job.shard, T0 + LEASE, 10) == [job]
    assert [record.levelname for record in caplog.records] == ["ERROR"] * 2
    documents = [record.__dict__["fields"]["document"] for record in caplog.records]
    assert {name.rpartition("/")[2] for name in documents} == {"no-fields", "unknown-status"}


def test_other_collections_are_not_jobs(firestore: FirestoreJobStore, jobs: Any) -> None:
    """What lies in other collections, or below a job, is in no list and never due."""
    job = firestore.create(a_job())
    document = jobs.document(job.id).get().to_dict()
    jobs.document(job.id).collection("jobs").document("below").set(document)
    assert firestore.list_jobs(Filter(), 10) == [job]
    assert firestore.due(job.shard, T0 + KEEP_FOR, 10) == [job]
