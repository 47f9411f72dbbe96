"""Looks at the documents with Google's own client, from outside the system under test."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from local.emulators import PROJECT
from local.ports import LOOPBACK, Ports

TERMINAL = ("succeeded", "failed", "cancelled")
PAUSE_SECONDS = 5.0


@dataclass(frozen=True)
class Seen:
    """A job's document: its status, its end and its attempts."""

    status: str
    finished_at: datetime | None
    attempt: int
    max_attempts: int


class Watcher:
    """Notices a finished job that changes."""

    def __init__(self, ports: Ports) -> None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = f"{LOOPBACK}:{ports.firestore}"
        self._client = firestore.Client(project=PROJECT, credentials=AnonymousCredentials())
        self._finished: dict[str, Any] = {}
        self.changed: set[str] = set()

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call] # published with half its types

    def look(self) -> None:
        """Compare every finished job with how it was seen first."""
        query = self._jobs().where(filter=_is("status", "in", list(TERMINAL)))
        found = {job.id: job.update_time for job in query.select(["status"]).stream()}
        for job_id, version in self._finished.items():
            if found.get(job_id) != version:
                self.changed.add(job_id)
        self._finished |= found

    def unfinished(self) -> int:
        """How many jobs are not terminal."""
        query = self._jobs().where(filter=_is("status", "in", ["queued", "running"]))
        return int(query.count().get()[0][0].value)

    def jobs(self) -> dict[str, Seen]:
        """Every job as it is now."""
        fields = ["status", "finished_at", "attempt", "max_attempts"]
        return {
            job.id: Seen(
                status=job.get("status"),
                finished_at=job.to_dict().get("finished_at"),
                attempt=job.to_dict().get("attempt", 0),
                max_attempts=job.get("max_attempts"),
            )
            for job in self._jobs().select(fields).stream()
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look every few seconds within the block, and once at its end."""
        end = threading.Event()

        def keep_looking() -> None:
            while not end.wait(PAUSE_SECONDS):
                self.look()

        thread = threading.Thread(target=keep_looking)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()
            self.look()

    def _jobs(self) -> Any:
        return self._client.collection("jobs")


def _is(field: str, operator: str, value: object) -> Any:
    return firestore.FieldFilter(field, operator, value)
