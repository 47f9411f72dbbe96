"""The Celery application, for its worker and for the API."""

import os
from typing import Any

from celery import Celery

app = Celery("tasks", broker=os.environ["REDIS_URL"], backend=os.environ["REDIS_URL"])
app.conf.update(
    # So that a job whose worker dies is not lost, and its status can be told.
    task_acks_late=True,
    task_track_started=True,
    broker_connection_retry_on_startup=True,
)


@app.task  # type: ignore[untyped-decorator] # Celery publishes no types
def echo(payload: dict[str, Any]) -> dict[str, Any]:
    return payload
