"""The API as gunicorn starts it, but that it writes down how often it reads a job."""

import os
from pathlib import Path

from flask import Flask

from api import main
from jobs.firestore import FirestoreJobStore
from jobs.model import Job

READS = "TEST_READS_FILE"


class CountingJobStore(FirestoreJobStore):
    """Adds a byte to a file for each read: whoever holds the file counts those of all processes."""

    def get(self, job_id: str) -> Job | None:
        with Path(os.environ[READS]).open("ab") as file:
            file.write(b".")
        return super().get(job_id)


def build() -> Flask:
    main.FirestoreJobStore = CountingJobStore  # type: ignore[attr-defined]
    return main.build()
