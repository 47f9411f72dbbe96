"""How each system is started. Add a peer here."""

import importlib
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from bench.bare import gunicorn
from bench.comparison.firestore_store import FirestoreStore
from bench.comparison.grounds import Grounds, quiet_processes
from bench.comparison.system import Running, System, answers
from bench.production import production
from local.client import LocalClient
from local.ports import Ports
from local.processes import ChildEnded, Processes
from local.services import command, url

START_SECONDS = 60.0
HANDLERS_AT_ONCE = 8
"""As many as Dormouse's worker runs, whatever the peers' own default is."""


def on_the_emulators(name: str, commands: Mapping[str, str] | None = None) -> System:
    """One that keeps jobs in Firestore and gets pushes from the local cloud.

    `commands` are the applications of its two services; without them it is Dormouse itself.
    """

    @contextmanager
    def start(grounds: Grounds) -> Iterator[Running]:
        ports, project = grounds.ports(), f"bench-{secrets.token_hex(4)}"
        own = {
            "GOOGLE_CLOUD_PROJECT": project,
            "DORMOUSE_TOPIC": "jobs",
            "DORMOUSE_HANDLERS": "bench.comparison.dormouse.handlers",
            "DORMOUSE_HANDLER_PROCESSES": str(HANDLERS_AT_ONCE),
        }
        variables = production(ports) | own
        store = FirestoreStore(project, grounds.emulators.firestore)
        with quiet_processes() as processes, closing(store):
            # The same pusher for all of them; it makes the topic too.
            around = production(grounds.direct(ports)) | own
            grounds.start(processes, f"{name} local cloud", command("local", ports), around)
            services = {}
            for service in ("api", "worker"):
                started = command(service, ports)
                if commands:
                    started = gunicorn(service, getattr(ports, service), commands[service])
                child = grounds.start(processes, f"{name} {service}", started, variables)
                services[service] = child.group
            for port in (ports.local, ports.worker, ports.api):
                _await(processes, grounds, port)
            ours: dict[str, Any] = {} if commands else _as_dormouse_wants_it(ports)
            yield Running(port=ports.api, services=services, store=store, **ours)

    return System(name, start)


def _as_dormouse_wants_it(ports: Ports) -> dict[str, Any]:
    token = LocalClient(url(ports.api), url(ports.local)).token()
    return {
        "path": "/v1/jobs",
        "headers": {"Authorization": f"Bearer {token}"},
        "body": lambda payload: {"type": "bench.echo", "payload": payload},
    }


def on_redis(name: str, folder: str, worker: list[str], store: str) -> System:
    """One whose worker takes jobs from Redis by itself. `folder` has its applications."""

    @contextmanager
    def start(grounds: Grounds) -> Iterator[Running]:
        # Its libraries are there under `./dev bench` only.
        open_store = getattr(importlib.import_module("bench.comparison.redis_stores"), store)
        ports = grounds.ports()
        variables = production(ports) | {"REDIS_URL": grounds.redis_url}
        build = f"bench.comparison.{folder}.api:build()"
        words = [word.format(redis=grounds.redis_url) for word in worker]
        commands = {
            "api": gunicorn("api", ports.api, build),
            "worker": [sys.executable, "-m", *words],
        }
        with quiet_processes() as processes, closing(open_store(grounds.redis)) as kept:
            services = {
                service: grounds.start(processes, f"{name} {service}", started, variables).group
                for service, started in commands.items()
            }
            _await(processes, grounds, ports.api)
            yield Running(port=ports.api, services=services, store=kept)

    return System(name, start, needs_redis=True)


def _await(processes: Processes, grounds: Grounds, port: int) -> None:
    try:
        processes.wait_until(lambda: answers(port), f"The service at port {port}", START_SECONDS)
    except ChildEnded as ended:
        ended.add_note(grounds.last_words(ended.name))
        raise


FLOOR = on_the_emulators(
    "floor",
    {
        "api": "bench.comparison.floor.api:build()",
        "worker": "bench.comparison.floor.worker:build()",
    },
)
DORMOUSE = on_the_emulators("dormouse")
SAMPLE = on_the_emulators(
    "Cloud Run sample",
    {
        "api": "bench.comparison.sample.api:build()",
        "worker": "bench.comparison.sample.worker:build()",
    },
)
CELERY = on_redis(
    "Celery + Redis",
    "celery_redis",
    [
        "celery",
        "--app=bench.comparison.celery_redis.tasks",
        "worker",
        f"--concurrency={HANDLERS_AT_ONCE}",
        "--loglevel=INFO",
    ],
    "CeleryStore",
)
RQ = on_redis(
    "RQ + Redis",
    "rq_redis",
    ["rq.cli", "worker-pool", f"--num-workers={HANDLERS_AT_ONCE}", "--url={redis}", "default"],
    "RqStore",
)
SYSTEMS = (FLOOR, DORMOUSE, SAMPLE, CELERY, RQ)
