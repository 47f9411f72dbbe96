"""What the API does with open requests when its process is told to stop."""

import threading

import pytest

from api.app import STOP
from jobs.model import Job
from tests.api import expect
from tests.api.conftest import Caller, House


def test_who_waits_is_answered_when_the_process_must_stop(
    house: House, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A waiting GET gets the job as it is, instead of being cut off."""
    job = house.put()
    get = house.store.get
    looked = threading.Semaphore(0)

    def look(job_id: str) -> Job | None:
        looked.release()
        return get(job_id)

    def stop() -> None:
        for _ in range(3):  # the first look is before the wait
            looked.acquire()
        house.app.extensions[STOP]()

    monkeypatch.setattr(house.store, "get", look)
    stopper = threading.Thread(target=stop)
    stopper.start()
    shown = expect.job(ada.get(f"/v1/jobs/{job.id}?wait=30"))
    stopper.join()
    assert shown["status"] == "queued"
    looks = house.store.calls
