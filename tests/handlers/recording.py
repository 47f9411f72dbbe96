"""A context whose link to the job's document only writes down what it is told."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs.context import Cancelled, Context
from jobs.job.model import Progress

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


class RecordingLink:
    """Keeps the progress that was reported; `cancelled` makes the next word from it `Cancelled`."""

    def __init__(self) -> None:
        self.cancelled = False
        self.progress: list[Progress] = []
        self.checks = 0

    def report(self, progress: Progress) -> None:
        self.progress.append(progress)
        self._refuse()

    def check(self) -> None:
        self.checks += 1
        self._refuse()

    def remember(self, checkpoint: str) -> None:
        raise AssertionError(f"no handler here keeps checkpoints: {checkpoint}")

    def say(self, time: datetime, level: str, text: str) -> None:
        raise AssertionError(f"no handler here gets its log from a link: {time} {level} {text}")

    def _refuse(self) -> None:
        if self.cancelled:
            raise Cancelled


def a_context(**changes: Any) -> Context:
    """The context of a first attempt with five minutes left."""
    fields: dict[str, Any] = {
        "job_id": "0123456789abcdef0123456789abcdef",
        "job_type": "some.type",
        "attempt": 1,
        "max_attempts": 3,
        "deadline": datetime.now(UTC) + timedelta(minutes=5),
        "log": logging.LoggerAdapter(logging.getLogger("handlers"), {}),
        "link": RecordingLink(),
        "traceparent": TRACEPARENT,
    }
    return Context(**(fields | changes))
