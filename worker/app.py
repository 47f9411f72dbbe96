"""The composition root of the private service."""

import msgspec
from flask import Flask, Response, request

from identity.tokens import Verifier
from jobs.dispatch.queue import JobMessage, Queue
from jobs.errors import DormouseError
from jobs.events.publisher import EventPublisher
from jobs.job_types import Registry
from jobs.runtime import MACHINE, Runtime
from jobs.settings.settings import Settings
from jobs.stores import Stores
from jobs.telemetry.log import log, log_fields
from jobs.telemetry.port import OFF, Telemetry
from jobs.triggers.file import Triggers
from worker.authentication import EVENTS, TRIGGERS, authenticate_requests
from worker.envelope import open_envelope
from worker.events.cloud_events import read_event
from worker.events.fan_out import event_named_in
from worker.parallel import in_parallel
from worker.parts import assemble
from worker.processes.run import Runner

MAX_BODY_BYTES = 16 * 1024 * 1024
"""A Pub/Sub message has at most 10 MB, and comes in base64."""
STOP = "stop"
"""Where the application's extensions hold what to call when the process is told to stop."""


def create_app(
    settings: Settings,
    *,
    stores: Stores,
    queue: Queue,
    verifier: Verifier,
    registry: Registry,
    runner: Runner,
    triggers: Triggers | None = None,
    telemetry: Telemetry = OFF,
    publisher: EventPublisher | None = None,
    runtime: Runtime = MACHINE,
) -> Flask:
    """The Flask application. Connects to nothing before the first request."""
    parts = assemble(
        settings,
        stores=stores,
        queue=queue,
        registry=registry,
        runner=runner,
        triggers=triggers or {},
        telemetry=telemetry,
        publisher=publisher,
        runtime=runtime,
    )
    app = Flask("worker", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.wsgi_app = telemetry.pushes(app.wsgi_app)  # type: ignore[method-assign, assignment]
    app.extensions[STOP] = parts.stop
    authenticate_requests(app, settings, verifier, runtime.now, triggers or {})

    @app.get("/livez")
    def livez() -> Response:
        return Response("ok", content_type="text/plain")

    @app.post("/jobs")
    def take_job_message() -> Response:
        """2xx if and only if the store holds what matters, or somebody else holds the lease."""
        parts.answer(JobMessage.decode(open_envelope(request.get_data()).message.data))
        return Response(status=204)

    @app.post("/dead-letters")
    def take_dead_letter() -> Response:
        parts.dead_letters.take_in(open_envelope(request.get_data()))
        return Response(status=204)

    @app.post("/sweep")
    def run_sweep() -> Response:
        told, swept, fired = in_parallel(
            runtime, parts.fan_out.sweep, parts.sweep.run, parts.schedules.run
        )
        done = msgspec.to_builtins(swept) | msgspec.to_builtins(fired)
        log_fields("sweep.done", events=told, **done)
        return Response(msgspec.json.encode(done), content_type="application/json")

    @app.post(EVENTS)
    def take_event() -> Response:
        parts.fan_out.tell(event_named_in(read_event(dict(request.headers), request.get_data())))
        return Response(status=204)

    def start_job() -> Response:
        name = request.path.removeprefix(TRIGGERS)
        parts.triggers.take(name, dict(request.headers), request.get_data())
        return Response(status=204)

    for name in triggers or {}:
        app.add_url_rule(TRIGGERS + name, name, start_job, methods=["POST"])

    @app.errorhandler(DormouseError)
    def refuse(error: DormouseError) -> Response:
        """Not acknowledged: Pub/Sub sends it again, and at last to the dead letters."""
        log.warning("request refused: %s: %s", error.code, error)
        return Response(error.code, 503 if error.retryable else 400, content_type="text/plain")

    return app
