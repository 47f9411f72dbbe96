"""Runs Google's emulators from the SDK's container image, where there is no SDK but a Docker."""

import os
import shutil
import subprocess
from dataclasses import dataclass

IMAGE = "google/cloud-sdk:528.0.0-emulators"
"""The one that docker-compose.yml names."""
_STARTS = {
    "firestore": ("gcloud", "emulators", "firestore", "start"),
    "pubsub": ("gcloud", "beta", "emulators", "pubsub", "start"),
}
_ASK_SECONDS = 20.0


@dataclass(frozen=True)
class Containers:
    """A Docker engine that answers."""

    docker: str

    def command(self, emulator: str, host: str, port: int) -> list[str]:
        """Runs `firestore` or `pubsub` in the foreground, reachable at `host:port`.

        The client hands signals on to the container, whose init process ends it by them.
        """
        return [
            self.docker,
            "run",
            "--rm",
            "--init",
            f"--name={container_name(emulator, port)}",
            f"--publish={host}:{port}:{port}",
            IMAGE,
            *_STARTS[emulator],
            f"--host-port=0.0.0.0:{port}",
            "--project=dormouse-local",
        ]

    def remove(self, emulator: str, port: int) -> None:
        """Make sure that the container is gone."""
        _run([self.docker, "rm", "--force", container_name(emulator, port)])

    def has_image(self) -> bool:
        return _run([self.docker, "image", "inspect", IMAGE])


def container_name(emulator: str, port: int) -> str:
    return f"dormouse-{emulator}-{port}-{os.getpid()}"


def find_docker() -> Containers | None:
    docker = shutil.which("docker")
    return Containers(docker) if docker and _run([docker, "info"]) else None


def _run(command: list[str]) -> bool:
    try:
        ran = subprocess.run(  # noqa: S603 - the commands are our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_ASK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0
