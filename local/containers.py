"""Runs Google's emulators from the SDK's container image, where there is no SDK but a Docker."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

IMAGE = "google/cloud-sdk:528.0.0-emulators"
"""The one that docker-compose.yml names."""
_SCRIPT = "/google-cloud-sdk/platform/cloud-firestore-emulator/cloud_firestore_emulator"
"""In the image. `gcloud` would not hand on where the emulator is to send its events."""
_ASK_SECONDS = 20.0
_LOOPBACK_OF_HOST = "host.docker.internal"


@dataclass(frozen=True, kw_only=True)
class Containers:
    """A Docker engine that answers. `is_vm` says that its host is not this machine."""

    docker: str
    is_vm: bool = False

    def firestore(self, host: str, port: int, events_port: int) -> list[str]:
        """Runs the emulator in the foreground, reachable at `host:port`.

        It calls this machine's `events_port` for each change that a trigger is registered for.
        """
        events = f"{_LOOPBACK_OF_HOST if self.is_vm else host}:{events_port}"
        start = [_SCRIPT, "start", f"--host={self._inside(host)}", f"--port={port}"]
        return [*self._run("firestore", host, port), *start, f"--functions_emulator={events}"]

    def pubsub(self, host: str, port: int) -> list[str]:
        """Runs the emulator in the foreground, reachable at `host:port`."""
        start = ["gcloud", "beta", "emulators", "pubsub", "start", "--project=dormouse-local"]
        address = f"--host-port={self._inside(host)}:{port}"
        return [*self._run("pubsub", host, port), *start, address]

    def _run(self, emulator: str, host: str, port: int) -> list[str]:
        """The client hands signals on to the container, whose init process ends it by them."""
        name = f"--name={container_name(emulator, port)}"
        # Without a network of its own the container reaches what listens on loopback.
        network = f"--publish={host}:{port}:{port}" if self.is_vm else "--network=host"
        return [self.docker, "run", "--rm", "--init", name, network, IMAGE]

    def _inside(self, host: str) -> str:
        return "0.0.0.0" if self.is_vm else host  # noqa: S104 - inside the container

    def remove(self, emulator: str, port: int) -> None:
        """Make sure that the container is gone."""
        _run([self.docker, "rm", "--force", container_name(emulator, port)])

    def has_image(self) -> bool:
        return _run([self.docker, "image", "inspect", IMAGE])


def container_name(emulator: str, port: int) -> str:
    return f"dormouse-{emulator}-{port}-{os.getpid()}"


def find_docker() -> Containers | None:
    """The engine that `docker` speaks to."""
    docker = shutil.which("docker")
    about = docker and _output(
        [docker, "info", "--format={{.OperatingSystem}} {{.SecurityOptions}}"]
    )
    if not docker or about is None:
        return None
    apart = sys.platform != "linux" or "Docker Desktop" in about or "rootless" in about
    return Containers(docker=docker, is_vm=apart)


def _run(command: list[str]) -> bool:
    return _output(command) is not None


def _output(command: list[str]) -> str | None:
    """What the command prints; None if it fails."""
    try:
        ran = subprocess.run(  # noqa: S603 - the commands are our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_ASK_SECONDS,
            check=False,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if ran.returncode else ran.stdout
