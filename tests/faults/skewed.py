"""A worker whose clock is wrong: two of them differ by five seconds."""

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask

from worker.main import build as build_worker

APART = timedelta(seconds=5)


def build() -> Flask:
    """Every other instance of a service is ahead of the rest."""
    counter = Path(tempfile.gettempdir()) / f"dormouse-instances-{os.getppid()}"
    with counter.open("a") as file:
        file.write("x")
    ahead = APART if counter.stat().st_size % 2 else timedelta()
    return build_worker(lambda: datetime.now(UTC) + ahead)
