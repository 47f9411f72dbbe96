"""The local system's own services: how each is started, with which settings, and when it is up."""

import os
import sys
import urllib.error
import urllib.request
from http import HTTPStatus

from local.cloud.settings import API_AUDIENCE, DESKTOP_CLIENT_ID, WEB_CLIENT_ID, WEB_CLIENT_SECRET
from local.emulators import PROJECT
from local.ports import LOOPBACK, Ports
from local.processes import Processes

START_SECONDS = 60.0
_PROBE_SECONDS = 5.0
_CONFIGURATION = {
    "worker": ("worker/gunicorn.conf.py", "worker.main:build()", "/livez"),
    "local": ("local/cloud/gunicorn.conf.py", "local.cloud.main:build()", "/livez"),
    "api": ("api/gunicorn.conf.py", "api.main:build()", "/v1/health"),
}
"""For each service: gunicorn's configuration, what it builds, and where it says that it is up."""

ROLES = (
    '[{"role":"submitter","members":["domain:example.com"]},'
    '{"role":"viewer","members":["user:viewer@example.org"]},'
    '{"role":"operator","members":["user:operator@example.com"]}]'
)


def url(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"


def environment(ports: Ports) -> dict[str, str]:
    """The settings of all the services, beside what this process has in its own environment."""
    allowed = [f"{LOOPBACK}:{ports.local}", os.environ.get("DORMOUSE_ALLOWED_HOSTS", "")]
    return {
        **os.environ,
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "FIRESTORE_EMULATOR_HOST": f"{LOOPBACK}:{ports.firestore}",
        "PUBSUB_EMULATOR_HOST": f"{LOOPBACK}:{ports.pubsub}",
        "DORMOUSE_CERTIFICATES_URL": f"{url(ports.local)}/certs",
        "DORMOUSE_API_AUDIENCES": f"{API_AUDIENCE},{url(ports.api)},{DESKTOP_CLIENT_ID}",
        "DORMOUSE_CONSOLE_CLIENT_ID": WEB_CLIENT_ID,
        "DORMOUSE_CONSOLE_CLIENT_SECRET": WEB_CLIENT_SECRET,
        "DORMOUSE_SIGN_IN_URL": url(ports.local),
        "DORMOUSE_ROLES": os.environ.get("DORMOUSE_ROLES") or ROLES,
        "DORMOUSE_WORKER_URL": url(ports.worker),
        "DORMOUSE_WORKER_AUDIENCE": url(ports.worker),
        "DORMOUSE_PUSH_ACCOUNT": f"pubsub-push@{PROJECT}.iam.gserviceaccount.com",
        "DORMOUSE_SCHEDULER_ACCOUNT": f"scheduler@{PROJECT}.iam.gserviceaccount.com",
        "DORMOUSE_EVENTARC_ACCOUNT": f"eventarc@{PROJECT}.iam.gserviceaccount.com",
        "DORMOUSE_ALLOWED_HOSTS": ",".join(filter(None, allowed)),
        # So that a new webhook hears of the very next job.
        "DORMOUSE_WEBHOOK_CACHE_SECONDS": os.environ.get("DORMOUSE_WEBHOOK_CACHE_SECONDS") or "0",
        "PYTHONUNBUFFERED": "1",
    }


def start_services(processes: Processes, ports: Ports) -> None:
    """Start worker, local cloud and API, each under gunicorn with its production settings."""
    for name in _CONFIGURATION:
        processes.start(name, command(name, ports), environment(ports))


def command(name: str, ports: Ports) -> list[str]:
    """How a service is started; the application to build comes last.

    Two things differ from production: it listens on loopback, and gunicorn itself is quiet unless
    it is in need.
    """
    configuration, build, _ = _CONFIGURATION[name]
    address = f"{LOOPBACK}:{getattr(ports, name)}"
    options = ["--config", configuration, "--bind", address, "--log-level", "warning"]
    return [sys.executable, "-m", "gunicorn", *options, build]


def start_embedded(processes: Processes, ports: Ports) -> None:
    """Start all three in one process, on a store and a queue in its memory."""
    command = [sys.executable, "-m", "local.embedded"]
    command += [str(port) for port in (ports.api, ports.worker, ports.local)]
    processes.start("embedded", command, environment(ports))


def await_services(processes: Processes, ports: Ports) -> None:
    """Returns once every service, and what it depends on, answers."""
    for name, (_, _, path) in _CONFIGURATION.items():
        address = f"{url(getattr(ports, name))}{path}"
        processes.wait_until(
            lambda address=address: _is_up(address),  # type: ignore[misc]
            f"The {name} service",
            START_SECONDS,
        )


def _is_up(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=_PROBE_SECONDS) as response:  # noqa: S310 - ours
            return bool(response.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False
