"""Finding the emulators: on machines with all, some or none of what they need."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from local import containers, sdk
from local.emulators import find_emulators
from local.processes import ROOT
from local.sdk import EmulatorsMissing, find_sdk

Install = Callable[[str, str], Path]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is installed: its programs are in `bin`."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for needed in ("sh", "echo"):
        (programs / needed).symlink_to(str(shutil.which(needed)))
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(sdk, "_SDK_FOLDERS", ())
    monkeypatch.setattr(sdk, "_JAVA_HOMES", ())
    return tmp_path


@pytest.fixture
def install(machine: Path) -> Install:
    """Puts a program on the machine that is a shell script."""

    def write(name: str, script: str) -> Path:
        program = machine / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    return write


def install_sdk(machine: Path, *components: str) -> Path:
    root = machine / "google-cloud-sdk"
    (root / "platform").mkdir(parents=True)
    for component in components:
        path = root / "platform" / component
        path.parent.mkdir(parents=True)
        path.touch()
    return root


FIRESTORE = "cloud-firestore-emulator/cloud_firestore_emulator"
PUBSUB = "pubsub-emulator/bin/cloud-pubsub-emulator"


def java(version: str) -> str:
    return f"""echo 'openjdk version "{version}" 2024-01-01' >&2"""


def test_the_sdk_is_asked_where_it_is(machine: Path, install: Install) -> None:
    """`gcloud info` knows the SDK's folder, wherever it is."""
    root = install_sdk(machine, FIRESTORE, PUBSUB)
    install("gcloud", f'[ "$1" = info ] && echo {root}')
    found_java = install("java", java("21.0.2"))
    found = find_sdk()
    assert found.firestore_script == root / "platform" / FIRESTORE
    assert found.pubsub_script == root / "platform" / PUBSUB
    assert found.java == found_java
    assert found.environment["JAVA"] == str(found_java)


def test_a_gcloud_that_does_not_run_still_shows_the_way(machine: Path, install: Install) -> None:
    """Where `gcloud info` fails, the SDK is looked for beside the program."""
    root = install_sdk(machine, FIRESTORE, PUBSUB)
    (root / "bin").mkdir()
    gcloud = root / "bin" / "gcloud"
    install("real-gcloud", "exit 1").rename(gcloud)
    (machine / "bin" / "gcloud").symlink_to(gcloud)
    install("java", java("17"))
    assert find_sdk().pubsub_script == root / "platform" / PUBSUB


def test_a_known_folder_is_enough(
    machine: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An SDK whose programs are not on PATH is found in the places where installers put it."""
    root = install_sdk(machine, FIRESTORE, PUBSUB)
    monkeypatch.setattr(sdk, "_SDK_FOLDERS", (str(machine / "nothing"), str(root)))
    install("java", java("11.0.1"))
    assert find_sdk().firestore_script.exists()


@pytest.mark.usefixtures("machine")
def test_a_missing_sdk_is_told() -> None:
    """One sentence says what is missing and where it comes from."""
    with pytest.raises(EmulatorsMissing, match=r"Cloud SDK.* is not installed: see https://"):
        find_sdk()


def test_a_missing_emulator_is_told(machine: Path, install: Install) -> None:
    """One sentence names the emulator that is missing and the command that adds it."""
    install("gcloud", f"echo {install_sdk(machine, FIRESTORE)}")
    with pytest.raises(EmulatorsMissing, match="gcloud components install pubsub-emulator") as told:
        find_sdk()
    assert "firestore" not in str(told.value)


def test_the_debian_packages_are_named_where_apt_is(machine: Path, install: Install) -> None:
    """On Debian the SDK's parts are packages."""
    install("gcloud", f"echo {install_sdk(machine)}")
    install("apt-get", "true")
    packages = "google-cloud-cli-firestore-emulator google-cloud-cli-pubsub-emulator"
    with pytest.raises(EmulatorsMissing, match=f"sudo apt install {packages}"):
        find_sdk()


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (None, "there is none on PATH or in JAVA_HOME"),
        ("echo 'No Java runtime present' >&2; exit 1", "there is none on PATH or in JAVA_HOME"),
        (java("1.8.0_292"), "there is only Java 8"),
    ],
)
def test_a_missing_java_is_told(
    machine: Path, install: Install, script: str | None, told: str
) -> None:
    """No Java, one that only advertises, and one that is too old: each gets one sentence."""
    install("gcloud", f"echo {install_sdk(machine, FIRESTORE, PUBSUB)}")
    if script:
        install("java", script)
    with pytest.raises(EmulatorsMissing, match=told) as missing:
        find_sdk()
    assert "install one" in str(missing.value)


def test_java_home_comes_first(
    machine: Path, install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Java that the user has chosen is preferred to the one on PATH."""
    install("gcloud", f"echo {install_sdk(machine, FIRESTORE, PUBSUB)}")
    install("java", java("8"))
    home = machine / "jdk"
    (home / "bin").mkdir(parents=True)
    install("chosen-java", java("21")).rename(home / "bin" / "java")
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert find_sdk().java == home / "bin" / "java"


@pytest.mark.usefixtures("machine")
def test_docker_stands_in_for_a_missing_sdk(install: Install) -> None:
    """Where a Docker engine answers, the emulators are run from the SDK's image."""
    docker = install("docker", '[ "$1" = info ]')
    assert find_emulators() == containers.Containers(
        docker=str(docker), is_vm=sys.platform != "linux"
    )


@pytest.mark.usefixtures("machine")
def test_a_docker_without_engine_is_none(install: Install) -> None:
    """A docker command that reaches no engine does not count."""
    install("docker", "exit 1")
    with pytest.raises(EmulatorsMissing):
        find_emulators()


@pytest.mark.parametrize("system", ["Docker Desktop []", "Debian [name=rootless]"])
def test_an_engine_apart_is_told_from_one_on_this_machine(install: Install, system: str) -> None:
    """Where the engine's host is another machine, that machine's network is of no use."""
    install("docker", f"echo '{system}'")
    found = containers.find_docker()
    assert found is not None
    assert found.is_vm


@pytest.mark.parametrize("is_vm", [True, False])
def test_a_container_is_reached_on_loopback_only(*, is_vm: bool) -> None:
    """Nobody else in the network can reach the emulators, and the container has a name."""
    docker = containers.Containers(docker="docker", is_vm=is_vm)
    for name, port, command in (
        ("pubsub", 8085, docker.pubsub("127.0.0.1", 8085)),
        ("firestore", 8083, docker.firestore("127.0.0.1", 8083, 8082)),
    ):
        assert f"--name={containers.container_name(name, port)}" in command
        assert "--rm" in command
        assert (f"--publish=127.0.0.1:{port}:{port}" in command) is is_vm
        assert any("0.0.0.0" in word for word in command) is is_vm  # noqa: S104 - inside


@pytest.mark.parametrize(("is_vm", "host"), [(True, "host.docker.internal"), (False, "127.0.0.1")])
def test_the_emulator_in_a_container_reaches_the_local_cloud(*, is_vm: bool, host: str) -> None:
    """It calls the machine that the local cloud runs on, wherever it is itself."""
    docker = containers.Containers(docker="docker", is_vm=is_vm)
    assert f"--functions_emulator={host}:8082" in docker.firestore("127.0.0.1", 8083, 8082)


def test_docker_compose_runs_the_same_image() -> None:
    """The emulators' image is pinned once for both ways to run it."""
    assert f"image: {containers.IMAGE}\n" in (ROOT / "docker-compose.yml").read_text()
