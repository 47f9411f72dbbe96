"""The sample's public service."""

import os
from typing import Any

from flask import Flask, jsonify, request
from google.cloud import firestore, pubsub_v1


def build() -> Flask:
    app = Flask("sample-api", static_folder=None)
    project = os.environ["GOOGLE_CLOUD_PROJECT"]
    jobs = firestore.Client(project=project).collection("jobs")
    publisher = pubsub_v1.PublisherClient()
    topic = publisher.topic_path(project, os.environ["DORMOUSE_TOPIC"])

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    @app.post("/jobs")
    def submit() -> Any:
        job = jobs.document()
        job.set({"status": "queued", "payload": request.get_json()})
        publisher.publish(topic, job.id.encode()).result()
        return jsonify(id=job.id, status="queued"), 202

    @app.get("/jobs/<job_id>")
    def get(job_id: str) -> Any:
        return jsonify(jobs.document(job_id).get().to_dict())

    return app
