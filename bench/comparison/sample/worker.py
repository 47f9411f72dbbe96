"""The sample's private service: a transaction to claim the job, and one to finish it."""

import base64
import os
from typing import Any

from flask import Flask, request
from google.cloud import firestore


@firestore.transactional
def move(transaction: Any, job: Any, before: str, changes: dict[str, Any]) -> dict[str, Any] | None:
    """The job's document before the change, or None if its status was another one."""
    snapshot = job.get(transaction=transaction)
    if snapshot.get("status") != before:
        return None
    transaction.update(job, changes)
    return dict(snapshot.to_dict())


def build() -> Flask:
    app = Flask("sample-worker", static_folder=None)
    client = firestore.Client(project=os.environ["GOOGLE_CLOUD_PROJECT"])

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    @app.post("/jobs")
    def take() -> Any:
        job_id = base64.b64decode(request.get_json()["message"]["data"]).decode()
        job = client.collection("jobs").document(job_id)
        claimed = move(client.transaction(), job, "queued", {"status": "running"})
        if claimed is not None:
            done = {"status": "succeeded", "result": claimed["payload"]}
            move(client.transaction(), job, "running", done)
        return "", 204

    return app
