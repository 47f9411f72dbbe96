"""What the API does with open requests when its process is told to stop."""

import pytest

from api.app import STOP
from jobs.job.model import Job
from tests.api import expect
from tests.api.conftest import Caller, Harness


def test_nobody_waits_for_a_job_in_a_process_that_must_stop(
    harness: Harness, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A waiting GET is answered with the job as it is, without a further look, not cut off."""
    job = harness.put()
    get, looks = harness.store.get, list[str]()

    def look(job_id: str) -> Job | None:
        looks.append(job_id)
        return get(job_id)

    monkeypatch.setattr(harness.store, "get", look)
    harness.app.extensions[STOP]()
    assert expect.job(ada.get(f"/v1/jobs/{job.id}?wait=30"))["status"] == "queued"
    assert looks == [job.id]
