"""The composition root of the public service."""

from datetime import timedelta

from flask import Flask, Response, g, request

from api.auth.access import Access
from api.auth.callers import admit_callers
from api.console import routes as console
from api.dead_letters import routes as dead_letters
from api.dependencies import Dependencies, provide
from api.http.cors import allow_origins
from api.http.decoding import LARGE_AT_ONCE, MAX_BODY_BYTES
from api.http.headers import add_response_headers
from api.http.paths import read_paths, refuse_doubled_slashes
from api.http.problems import answer_problems
from api.jobs import batch_routes as batches
from api.jobs import change_routes as job_changes
from api.jobs import routes as jobs
from api.limits.open_jobs import OpenJobs
from api.limits.submit_rate import SubmitRate
from api.reference import routes as reference
from api.reference.reference import Reference
from api.schedules import change_routes as schedule_changes
from api.schedules import routes as schedules
from api.service import health, job_types, me
from api.service.dependency_health import DependencyHealth
from api.watching import routes as job_watching
from api.watching.job_watches import Watches
from api.watching.seats import Seats
from api.webhooks import delivery_routes as deliveries
from api.webhooks import routes as webhooks
from api.webhooks import secret_routes as webhook_secrets
from identity.firebase import FirebaseVerifier
from identity.issuers import Issuers
from identity.tokens import Verifier
from jobs.dispatch.queue import Queue
from jobs.dispatch.submit import Submitter
from jobs.events.event_recording import AnnouncingJobStore
from jobs.job_types import Registry
from jobs.runtime import MACHINE, Runtime
from jobs.schedules.creation import Creator
from jobs.settings.settings import Settings
from jobs.stores import Stores
from jobs.telemetry.port import OFF, Telemetry
from jobs.telemetry.trace import trace_id, traceparent_from
from jobs.webhooks.listeners import Listeners
from jobs.webhooks.webhook_updates import WebhookChanges

STOP = "stop"
"""Where the application's extensions hold what to call when the process is told to stop."""


def create_app(
    settings: Settings,
    *,
    stores: Stores,
    queue: Queue,
    verifier: Verifier,
    registry: Registry,
    firebase: FirebaseVerifier | None = None,
    telemetry: Telemetry = OFF,
    runtime: Runtime = MACHINE,
) -> Flask:
    """The Flask application. Connects to nothing before the first request."""
    registry = registry.with_buckets(settings.buckets)
    app = Flask("api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.wsgi_app = telemetry.requests(app.wsgi_app)  # type: ignore[method-assign, assignment]
    listeners = Listeners(
        stores.webhooks, runtime, timedelta(seconds=settings.webhook_cache_seconds)
    )
    store = AnnouncingJobStore(
        inner=telemetry.store(stores.jobs),
        listening=listeners.of_job,
        publishes=bool(settings.events_topic),
    )
    queue = telemetry.queue(queue)
    submitter = Submitter(
        store=store,
        queue=queue,
        registry=registry,
        now=runtime.now,
        new_id=runtime.new_id,
        secrets=settings.secrets,
    )
    dependencies = Dependencies(
        settings=settings,
        store=store,
        dead_letters=stores.dead_letters,
        webhooks=WebhookChanges(store=stores.webhooks, listeners=listeners, now=runtime.now),
        schedules=stores.schedules,
        queue=queue,
        registry=registry,
        issuers=Issuers(verifier, firebase),
        access=Access(settings.roles),
        submitter=submitter,
        creator=Creator(
            store=stores.schedules,
            registry=registry,
            now=runtime.now,
            new_id=runtime.new_id,
            secrets=settings.secrets,
        ),
        submit_rate=SubmitRate(settings.submit_rate, settings.submit_burst, runtime),
        open_jobs=OpenJobs(store, settings.max_open_jobs, runtime),
        dependency_health=DependencyHealth({"store": store.ping, "queue": queue.ping}, runtime),
        runtime=runtime,
        job_watches=Watches(store, runtime),
        seats=Seats(settings.max_watchers, runtime),
        large_bodies=runtime.semaphore(LARGE_AT_ONCE),
    )
    app.extensions[STOP] = dependencies.job_watches.stop
    provide(app.extensions, dependencies)
    app.extensions[reference.EXTENSION] = Reference(app, registry)
    _trace_requests(app, runtime)
    add_response_headers(app)
    allow_origins(app, settings.cors_origins)
    refuse_doubled_slashes(app)
    admit_callers(app)
    answer_problems(app)
    add_routes(app)
    return app


def add_routes(app: Flask) -> None:
    """Everything that the service answers to."""
    read_paths(app)
    for module in (
        jobs,
        job_watching,
        job_changes,
        batches,
        schedules,
        schedule_changes,
        job_types,
        webhooks,
        webhook_secrets,
        deliveries,
        dead_letters,
        me,
        health,
        reference,
        console,
    ):
        app.register_blueprint(module.routes)


def _trace_requests(app: Flask, runtime: Runtime) -> None:
    """Give every request its place in a trace, and every answer its name."""

    @app.before_request
    def start() -> None:
        g.traceparent = traceparent_from(request.headers.get("traceparent"), runtime.random_bytes)
        g.request_id = trace_id(g.traceparent)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response
