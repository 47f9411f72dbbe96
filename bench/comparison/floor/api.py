"""The floor's public service: one create, one publish."""

import os
import uuid
from typing import Any

import grpc
from flask import Flask, jsonify, request
from google.cloud import firestore
from google.pubsub_v1 import PublisherClient, PubsubMessage
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport


def build() -> Flask:
    app = Flask("floor-api", static_folder=None)
    project = os.environ["GOOGLE_CLOUD_PROJECT"]
    jobs = firestore.Client(project=project).collection("jobs")
    # The generated client: the one that people use adds batching and a thread, and costs more.
    channel = grpc.insecure_channel(os.environ["PUBSUB_EMULATOR_HOST"])
    publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
    topic = f"projects/{project}/topics/{os.environ['DORMOUSE_TOPIC']}"

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    @app.post("/jobs")
    def submit() -> Any:
        job_id, text = uuid.uuid4().hex, request.get_json()["text"]
        # Typed as protobuf's timestamp, which it is not.
        written: Any = jobs.document(job_id).create({"status": "queued", "text": text})
        message = PubsubMessage(
            data=text.encode(),
            attributes={"id": job_id, "version": written.update_time.rfc3339()},
        )
        publisher.publish(topic=topic, messages=[message])
        return jsonify(id=job_id, status="queued"), 202

    @app.get("/jobs/<job_id>")
    def get(job_id: str) -> Any:
        return jsonify(jobs.document(job_id).get().to_dict())

    return app
