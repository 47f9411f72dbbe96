"""A worker that finishes a job which somebody listens to, and is killed before it tells anybody.

Run by `test_killed.py`: `python -m tests.e2e.killed PROJECT HOST:PORT JOB`.
"""

import os
import signal
import sys
from datetime import UTC, datetime, timedelta

from jobs.events.event_recording import AnnouncingJobStore
from jobs.gcp.firestore import Firestore, connect_firestore, stores_in
from jobs.job import transitions
from jobs.runtime import MACHINE
from jobs.settings.settings import Settings
from jobs.webhooks.listeners import Listeners


def _now() -> datetime:
    return datetime.now(UTC)


def main(project: str, emulator: str, job_id: str) -> None:
    settings = Settings(project=project, firestore_emulator=emulator)
    stores = stores_in(Firestore(connect_firestore(settings), settings))
    store = AnnouncingJobStore(
        inner=stores.jobs, listening=Listeners(stores.webhooks, MACHINE).of_job
    )
    job = store.get(job_id)
    assert job
    done = transitions.succeed(job, _now(), "{}", keep_for=timedelta(days=1))
    store.save(done, before=job)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(*sys.argv[1:])
