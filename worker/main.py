"""What gunicorn starts: `gunicorn -c worker/gunicorn.conf.py 'worker.main:build()'`."""

import importlib
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask

from identity.certificates import Certificates
from identity.tokens import Verifier
from jobs.gcp.firestore import Firestore, connect_firestore, stores_in
from jobs.gcp.pubsub import PubsubEventPublisher, PubsubQueue, connect_pubsub
from jobs.runtime import Runtime
from jobs.settings.settings import Settings
from jobs.telemetry.log import start_logging
from jobs.telemetry.start import telemetry_for
from jobs.triggers.file import load
from worker.app import create_app
from worker.processes.pool import HandlerPool


def _now() -> datetime:
    return datetime.now(UTC)


def build(now: Callable[[], datetime] = _now) -> Flask:
    """The service with its real parts, as the environment describes them."""
    settings = Settings.from_environment("worker")
    start_logging(settings.project)
    pubsub = connect_pubsub(settings)
    registry = importlib.import_module(settings.handlers).REGISTRY
    triggers = load(settings, registry)
    pool = HandlerPool(
        handlers=settings.handlers,
        project=settings.project,
        processes=settings.processes,
        memory_bytes=settings.handler_memory_mib * 1024 * 1024,
        now=now,
        traced=settings if settings.telemetry else None,
    )
    pool.start()
    return create_app(
        settings,
        stores=stores_in(Firestore(connect_firestore(settings), settings)),
        queue=PubsubQueue(pubsub, settings),
        verifier=Verifier(Certificates(settings.certificates_url, now=now)),
        registry=registry,
        runner=pool,
        triggers=triggers,
        telemetry=telemetry_for("worker", settings),
        publisher=PubsubEventPublisher(pubsub, settings) if settings.events_topic else None,
        runtime=Runtime(now=now),
    )
