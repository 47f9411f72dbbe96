"""The composition root of the private service."""

from datetime import timedelta

import msgspec
from flask import Flask, Response, request

from identity.tokens import Verifier
from jobs.dispatch.queue import JobMessage, Queue
from jobs.dispatch.submit import Submitter
from jobs.errors import DormouseError
from jobs.events.event_recording import AnnouncingJobStore
from jobs.events.publisher import EventPublisher
from jobs.job_types import Registry
from jobs.runtime import MACHINE, Runtime
from jobs.settings.settings import Settings
from jobs.stores import Stores
from jobs.telemetry.log import log, log_fields
from jobs.telemetry.port import OFF, Telemetry
from jobs.triggers.file import Triggers
from jobs.webhooks.listeners import Listeners
from jobs.webhooks.webhook_updates import WebhookChanges
from worker.attempts.attempts import Attempts
from worker.attempts.claim import Claims
from worker.authentication import EVENTS, TRIGGERS, authenticate_requests
from worker.dead_letters.recorder import DeadLetterRecorder
from worker.deliveries import DeliveryRunner
from worker.envelope import open_envelope
from worker.events.cloud_events import read_event
from worker.events.fan_out import FanOut, event_named_in
from worker.events.triggers import TriggerHandler
from worker.parallel import in_parallel
from worker.processes.run import Runner
from worker.secrets.secret_files import SecretFiles
from worker.sweep.schedule_runner import ScheduleRunner
from worker.sweep.sweep import Sweep
from worker.waiting_deliveries import WaitingDeliveries

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
    registry = registry.with_buckets(settings.buckets)
    now = runtime.now
    app = Flask("worker", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.wsgi_app = telemetry.pushes(app.wsgi_app)  # type: ignore[method-assign, assignment]
    listeners = Listeners(
        stores.webhooks, runtime, timedelta(seconds=settings.webhook_cache_seconds)
    )
    store = AnnouncingJobStore(
        inner=telemetry.store(stores.jobs),
        listening=listeners.of_job,
        publishes=bool(settings.events_topic),
    )
    queue = telemetry.queue(queue)
    runner = DeliveryRunner(
        inner=runner,
        webhooks=WebhookChanges(store=stores.webhooks, listeners=listeners, now=now),
        runtime=runtime,
        waiting=WaitingDeliveries(store, runtime).of,
    )
    attempts = Attempts(
        store=store,
        queue=queue,
        registry=registry,
        claims=Claims(
            store=store,
            registry=registry,
            worker=settings.revision,
            now=now,
            sleep=runtime.sleep,
        ),
        run=telemetry.attempt(runner.run),
        slots=runtime.semaphore(settings.processes),
        allowed_hosts=settings.allowed_hosts,
        buckets=settings.storage,
        secrets=SecretFiles(settings.secrets_folder, settings.secrets),
        runtime=runtime,
    )
    answer = telemetry.answer(attempts.answer)
    intake = DeadLetterRecorder(
        store=store, dead_letters=stores.dead_letters, registry=registry, now=now
    )
    fan_out = FanOut(
        events=stores.events,
        submitter=Submitter(
            store=store, queue=queue, registry=registry, now=now, new_id=runtime.new_id
        ),
        publisher=publisher,
        now=now,
    )
    sweep = Sweep(store=store, queue=queue, registry=registry, runtime=runtime)
    firing = ScheduleRunner(
        schedules=stores.schedules,
        jobs=store,
        queue=queue,
        registry=registry,
        secrets=settings.secrets,
        runtime=runtime,
    )
    triggers = triggers or {}
    starting = TriggerHandler(
        triggers=triggers,
        submitter=Submitter(
            store=store,
            queue=queue,
            registry=registry,
            now=now,
            new_id=runtime.new_id,
            secrets=settings.secrets,
        ),
        dead_letters=stores.dead_letters,
        now=now,
    )
    app.extensions[STOP] = runner.stop
    authenticate_requests(app, settings, verifier, now, triggers)

    @app.get("/livez")
    def livez() -> Response:
        return Response("ok", content_type="text/plain")

    @app.post("/jobs")
    def take_job_message() -> Response:
        """2xx if and only if the store holds what matters, or somebody else holds the lease."""
        answer(JobMessage.decode(open_envelope(request.get_data()).message.data))
        return Response(status=204)

    @app.post("/dead-letters")
    def take_dead_letter() -> Response:
        intake.take_in(open_envelope(request.get_data()))
        return Response(status=204)

    @app.post("/sweep")
    def run_sweep() -> Response:
        told, swept, fired = in_parallel(runtime, fan_out.sweep, sweep.run, firing.run)
        done = msgspec.to_builtins(swept) | msgspec.to_builtins(fired)
        log_fields("sweep.done", events=told, **done)
        return Response(msgspec.json.encode(done), content_type="application/json")

    @app.post(EVENTS)
    def take_event() -> Response:
        fan_out.tell(event_named_in(read_event(dict(request.headers), request.get_data())))
        return Response(status=204)

    def start_job() -> Response:
        name = request.path.removeprefix(TRIGGERS)
        starting.take(name, dict(request.headers), request.get_data())
        return Response(status=204)

    for name in triggers:
        app.add_url_rule(TRIGGERS + name, name, start_job, methods=["POST"])

    @app.errorhandler(DormouseError)
    def refuse(error: DormouseError) -> Response:
        """Not acknowledged: Pub/Sub sends it again, and at last to the dead letters."""
        log.warning("request refused: %s: %s", error.code, error)
        return Response(error.code, 503 if error.retryable else 400, content_type="text/plain")

    return app
