"""A worker whose clock is wrong: two of them differ by five seconds."""

import os
from datetime import UTC, datetime, timedelta

from flask import Flask

from worker.main import build as build_worker

APART = timedelta(seconds=5)


def build() -> Flask:
    """Every other process is ahead of the rest."""
    ahead = APART if os.getpid() % 2 else timedelta()
    return build_worker(lambda: datetime.now(UTC) + ahead)
