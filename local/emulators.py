"""Starts Google's Firestore and Pub/Sub emulators, and knows when they answer."""

import urllib.error
import urllib.request
from http import HTTPStatus

from local.containers import Containers, find_docker
from local.ports import LOOPBACK, Ports
from local.processes import Child, Processes
from local.sdk import EmulatorsMissing, Sdk, find_sdk

START_SECONDS = 60.0
PULL_SECONDS = 900.0
"""For an image that has to be fetched first."""
PROJECT = "dormouse-local"
_PROBE_SECONDS = 2.0
_PROBES = {
    "firestore": f"v1/projects/{PROJECT}/databases/(default)/documents/probe/probe",
    "pubsub": f"v1/projects/{PROJECT}/topics",
}


def find_emulators() -> Sdk | Containers:
    """From the Cloud SDK, or else by Docker. Raises `EmulatorsMissing`, which says what to do."""
    try:
        return find_sdk()
    except EmulatorsMissing:
        if docker := find_docker():
            return docker
        raise


def start_emulators(
    processes: Processes, source: Sdk | Containers, ports: Ports
) -> dict[str, Child]:
    """Start both. They outlive the services, which may have something to save at their end."""
    commands = {
        "firestore": source.firestore(LOOPBACK, ports.firestore, events_port=ports.local),
        "pubsub": source.pubsub(LOOPBACK, ports.pubsub),
    }
    environment = source.environment if isinstance(source, Sdk) else None
    return {
        name: processes.start(name, command, environment, outlives_others=True)
        for name, command in commands.items()
    }


def await_emulators(processes: Processes, source: Sdk | Containers, ports: Ports) -> None:
    """Returns once both answer real requests."""
    fetching = isinstance(source, Containers) and not source.has_image()
    seconds = PULL_SECONDS if fetching else START_SECONDS
    for name, port in _ports(ports).items():
        processes.wait_until(
            lambda name=name, port=port: _answers(name, port),  # type: ignore[misc]
            f"The {name} emulator",
            seconds,
        )


def remove_containers(source: Sdk | Containers, ports: Ports) -> None:
    """After the processes have ended: leave no container either."""
    if isinstance(source, Containers):
        for name, port in _ports(ports).items():
            source.remove(name, port)


def _ports(ports: Ports) -> dict[str, int]:
    return {"firestore": ports.firestore, "pubsub": ports.pubsub}


def _answers(name: str, port: int) -> bool:
    """Whether the emulator answers a call of its service, not only of its port."""
    url = f"http://{LOOPBACK}:{port}/{_PROBES[name]}"
    try:
        with urllib.request.urlopen(url, timeout=_PROBE_SECONDS) as response:
            return bool(response.status == HTTPStatus.OK)
    except urllib.error.HTTPError as error:
        # There is no such document.
        return name == "firestore" and error.code == HTTPStatus.NOT_FOUND
    except OSError:
        return False
