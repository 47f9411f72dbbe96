"""Finds Google's emulators in an installed Cloud SDK, and the Java that they need."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deployment.programs import SDK_FOLDERS

OLDEST_JAVA = 11
_ASK_SECONDS = 20.0
_SDK_FOLDERS = SDK_FOLDERS
_JAVA_HOMES = ("/opt/homebrew/opt/openjdk", "/usr/local/opt/openjdk")


class EmulatorsMissing(Exception):
    """Why Google's emulators can't be run from an SDK, and what to do about it."""


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """The emulators' files, and the Java to run them with."""

    firestore_script: Path
    pubsub_script: Path
    java: Path

    def firestore(self, host: str, port: int, events_port: int) -> list[str]:
        """It calls `events_port` for each change that a trigger is registered for."""
        return [
            str(self.firestore_script),
            "start",
            f"--host={host}",
            f"--port={port}",
            f"--functions_emulator={host}:{events_port}",
        ]

    def pubsub(self, host: str, port: int) -> list[str]:
        return [str(self.pubsub_script), f"--host={host}", f"--port={port}"]

    @property
    def environment(self) -> dict[str, str]:
        """How the two scripts are told which Java to use."""
        return {**os.environ, "JAVA": str(self.java), "JAVA_HOME": str(self.java.parent.parent)}


def find_sdk() -> Sdk:
    """Raises `EmulatorsMissing`."""
    platform = _platform_folder()
    firestore = platform / "cloud-firestore-emulator" / "cloud_firestore_emulator"
    pubsub = platform / "pubsub-emulator" / "bin" / "cloud-pubsub-emulator"
    missing = [
        name
        for name, path in (("cloud-firestore-emulator", firestore), ("pubsub-emulator", pubsub))
        if not path.exists()
    ]
    if missing:
        raise EmulatorsMissing(_how_to_install(missing))
    return Sdk(firestore_script=firestore, pubsub_script=pubsub, java=find_java())


def find_java() -> Path:
    """A Java that runs and is new enough. Raises `EmulatorsMissing`."""
    too_old: str | None = None
    for java in _java_candidates():
        version = _java_version(java)
        if version is not None and version >= OLDEST_JAVA:
            return java.resolve()
        if version is not None:
            too_old = f"Java {version} ({java})"
    found = f"there is only {too_old}" if too_old else "there is none on PATH or in JAVA_HOME"
    raise EmulatorsMissing(
        f"Google's emulators need Java {OLDEST_JAVA} or newer, and {found}: install one"
        " (`sudo apt install default-jre-headless`, `brew install openjdk`)."
    )


def _platform_folder() -> Path:
    for root in _sdk_roots():
        if (root / "platform").is_dir():
            return root / "platform"
    raise EmulatorsMissing(
        "Google's Cloud SDK, which has the emulators, is not installed:"
        " see https://cloud.google.com/sdk/docs/install."
    )


def _sdk_roots() -> Iterator[Path]:
    if gcloud := shutil.which("gcloud"):
        told = _output([gcloud, "info", "--format=value(installation.sdk_root)"])
        if told and told.strip():
            yield Path(told.strip())
        # bin/gcloud of the SDK, whatever links lead to it
        yield Path(gcloud).resolve().parent.parent
    for folder in _SDK_FOLDERS:
        yield Path(folder).expanduser()


def _how_to_install(missing: list[str]) -> str:
    names = " ".join(missing)
    if shutil.which("apt-get"):
        packages = " ".join(
            "google-cloud-cli-" + name.replace("cloud-firestore", "firestore") for name in missing
        )
        how = f"`sudo apt install {packages}`, or `gcloud components install {names}`"
    else:
        how = f"`gcloud components install {names}`"
    return f"The Cloud SDK is there without {' and '.join(missing)}: {how} adds them."


def _java_candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if java := shutil.which("java"):
        yield Path(java)
    for home in _JAVA_HOMES:
        yield Path(home) / "bin" / "java"


def _java_version(java: Path) -> int | None:
    """Its feature version, or None if it does not run: macOS has a `java` that only advertises."""
    text = _output([str(java), "-version"])
    found = re.search(r'version "(?:1\.)?(\d+)', text or "")
    return int(found[1]) if found else None


def _output(command: list[str]) -> str | None:
    try:
        ran = subprocess.run(  # noqa: S603 - the commands are our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if command[-1] == "-version" else subprocess.DEVNULL,
            timeout=_ASK_SECONDS,
            check=False,
            text=True,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout if ran.returncode == 0 else None
