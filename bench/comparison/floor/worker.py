"""The floor's private service: two writes, each conditional on the one before."""

import base64
import os
from typing import Any

from flask import Flask, request
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore


def build() -> Flask:
    app = Flask("floor-worker", static_folder=None)
    client = firestore.Client(project=os.environ["GOOGLE_CLOUD_PROJECT"])
    jobs = client.collection("jobs")
    read_version: Any = DatetimeWithNanoseconds.from_rfc3339

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    @app.post("/jobs")
    def take() -> Any:
        message = request.get_json()["message"]
        text = base64.b64decode(message["data"]).decode()
        job = jobs.document(message["attributes"]["id"])
        version: Any = read_version(message["attributes"]["version"])
        claimed = job.update(
            {"status": "running"}, option=client.write_option(last_update_time=version)
        )
        job.update(
            {"status": "succeeded", "result": {"text": text}},
            option=client.write_option(last_update_time=claimed.update_time),
        )
        return "", 204

    return app
