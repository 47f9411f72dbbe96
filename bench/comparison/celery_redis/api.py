"""The public service before Celery."""

from typing import Any

from flask import Flask, jsonify, request

from bench.comparison.celery_redis.tasks import app as celery
from bench.comparison.celery_redis.tasks import echo


def build() -> Flask:
    app = Flask("celery-api", static_folder=None)

    @app.get("/livez")
    def livez() -> str:
        return "ok"

    @app.post("/jobs")
    def submit() -> Any:
        return jsonify(id=echo.delay(request.get_json()).id, status="queued"), 202

    @app.get("/jobs/<job_id>")
    def get(job_id: str) -> Any:
        task = celery.AsyncResult(job_id)
        return jsonify(id=job_id, status=task.status, result=task.result)

    return app
