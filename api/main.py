"""What gunicorn starts: `gunicorn -c api/gunicorn.conf.py 'api.main:build()'`."""

import importlib
from datetime import UTC, datetime

from flask import Flask

from api.app import create_app
from identity.certificates import Certificates
from identity.firebase import verifier_for
from identity.tokens import Verifier
from jobs.gcp.firestore import Firestore, connect_firestore, stores_in
from jobs.gcp.pubsub import PubsubQueue, connect_pubsub
from jobs.settings.settings import Settings
from jobs.telemetry.log import start_logging
from jobs.telemetry.start import telemetry_for


def _now() -> datetime:
    return datetime.now(UTC)


def build() -> Flask:
    """The service with its real parts, as the environment describes them."""
    settings = Settings.from_environment("api")
    start_logging(settings.project)
    return create_app(
        settings,
        stores=stores_in(Firestore(connect_firestore(settings), settings)),
        queue=PubsubQueue(connect_pubsub(settings), settings),
        verifier=Verifier(Certificates(settings.certificates_url, now=_now)),
        registry=importlib.import_module(settings.handlers).REGISTRY,
        firebase=verifier_for(settings.firebase_project, _now),
        telemetry=telemetry_for("api", settings),
    )
