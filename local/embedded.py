"""The whole system in one process, for a machine with neither emulators nor Docker.

API, worker and local cloud listen on their three ports as they always do, tokens and pushes are
signed and verified as they always are. Only store and queue are in memory: nothing is kept.
"""

import importlib
import logging
import signal
import sys
import threading
from datetime import UTC, datetime
from queue import SimpleQueue

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from api.app import create_app as create_api
from identity.certificates import Certificates
from identity.firebase import verifier_for
from identity.tokens import Verifier
from jobs.memory.jobs import MemoryJobStore, MemoryQueue, memory_stores
from jobs.settings.settings import Settings
from jobs.telemetry.log import start_logging
from jobs.telemetry.start import telemetry_for
from jobs.triggers.file import load
from local.cloud.cloud import LocalCloud
from local.cloud.memory import MemoryPubsub
from local.cloud.settings import CloudSettings
from local.ports import LOOPBACK, Ports
from worker.app import STOP
from worker.app import create_app as create_worker
from worker.processes.pool import HandlerPool


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections


def now() -> datetime:
    return datetime.now(UTC)


def serve(ports: Ports) -> None:
    """Runs until SIGTERM or SIGINT. The environment is that of the three services together."""
    settings = Settings.from_environment("worker")
    start_logging(settings.project)
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    jobs, queue = MemoryJobStore(), MemoryQueue()
    stores = memory_stores(jobs)
    verifier = Verifier(Certificates(settings.certificates_url, now=now))
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
    worker = create_worker(
        settings,
        stores=stores,
        queue=queue,
        verifier=verifier,
        registry=registry,
        runner=pool,
        triggers=triggers,
        telemetry=telemetry_for("worker", settings),
    )
    api_settings = Settings.from_environment("api")
    api = create_api(
        api_settings,
        stores=stores,
        queue=queue,
        verifier=verifier,
        registry=registry,
        firebase=verifier_for(api_settings.firebase_project, now),
        telemetry=telemetry_for("api", api_settings),
    )
    cloud_settings = CloudSettings.from_environment()
    pubsub = MemoryPubsub(settings.project, cloud_settings.topic, queue, now)
    cloud = LocalCloud(cloud_settings, pubsub, now, triggers.values())
    for app, port in ((worker, ports.worker), (api, ports.api), (cloud.app, ports.local)):
        threading.Thread(target=_server(app, port).serve_forever, daemon=True).start()
    jobs.events.created = cloud.tell_of_event
    cloud.start()
    _wait_for_the_end()
    cloud.stop()
    worker.extensions[STOP]()
    pool.stop()


def _server(app: Flask, port: int) -> BaseWSGIServer:
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=_Handler)


def _wait_for_the_end() -> None:
    ended: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _: ended.put(got))
    ended.get()


if __name__ == "__main__":
    api_port, worker_port, local_port = (int(port) for port in sys.argv[1:])
    serve(Ports(api=api_port, worker=worker_port, local=local_port))
