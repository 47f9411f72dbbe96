"""The public service before RQ."""

import os
from typing import Any

from flask import Flask, jsonify, request
from redis import Redis
from rq import Queue
from rq.job import Job

from bench.comparison.rq_redis.tasks import echo

KEEP_SECONDS = 7 * 24 * 3600


def build() -> Flask:
    app = Flask("rq-api", static_folder=None)
    redis = Redis.from_url(os.environ["REDIS_URL"])
    queue = Queue(connection=redis)

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    @app.post("/jobs")
    def submit() -> Any:
        job = queue.enqueue(echo, request.get_json(), result_ttl=KEEP_SECONDS)
        return jsonify(id=job.id, status="queued"), 202

    @app.get("/jobs/<job_id>")
    def get(job_id: str) -> Any:
        job = Job.fetch(job_id, connection=redis)
        return jsonify(id=job_id, status=job.get_status(), result=job.return_value())

    return app
