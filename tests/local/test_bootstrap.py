"""`./dev` on machines with different tools: how it gets its environment, and what it says."""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local import bootstrap
from local.bootstrap import DEVELOPMENT, RUNNING, CannotInstall, Environment, make
from local.processes import ROOT
from tests.local.package_index import Index

OLDEST_PIPS = {
    (3, 11): "pip==22.3 --hash="
    "sha256:1daab4b8d3b97d1d763caeb01a4640a2250a0ea899e257b1e44b9eded91e15ab",
    (3, 12): "pip==23.2.1 --hash="
    "sha256:7ccf472345f20d35bdc9d1841ff5f313260c2c33fe417f48c30ac46cccabf5be",
    (3, 13): "pip==24.2 --hash="
    "sha256:2cd581cf58ab7fcfca4ce8efa6dcacd0de5bf8d0a3eb9ec927e07405f4d9e2a2",
    (3, 14): "pip==25.2 --hash="
    "sha256:6d67a2b4e7f14d8b31b8b52648866fa717f45a1eb70e83002f4331d07e953717",
}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    """Three packages that need each other, each with a release that the lock doesn't know."""
    with Index(tmp_path / "index") as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """One that is not there yet."""
    return Environment(tmp_path / "venv", DEVELOPMENT.lock)


def pretend(made: Environment, lock: bytes) -> None:
    made.python.parent.mkdir(parents=True)
    made.python.touch()
    made.stamp.write_text(hashlib.sha256(lock).hexdigest())


def installed(environment: Environment) -> dict[str, str]:
    command = (DEVELOPMENT.uv, "pip", "list", "--format=json", "--python", environment.python)
    listed = subprocess.check_output(command)  # noqa: S603 - ours
    return {
        one["name"]: one["version"]
        for one in json.loads(listed)
        if one["name"] not in {"pip", "setuptools"}
    }


def test_an_environment_of_this_lock_is_current(environment: Environment) -> None:
    """Nothing is done for an environment that was made from the lock as it is."""
    assert not environment.is_current
    pretend(environment, environment.lock.read_bytes())
    assert environment.is_current


def test_an_environment_of_another_lock_is_not(environment: Environment) -> None:
    """A changed lock, or a Python that is gone, makes the environment anew."""
    pretend(environment, b"another lock")
    assert not environment.is_current
    environment.stamp.write_text(environment.digest)
    environment.python.unlink()
    assert not environment.is_current


def test_an_environment_of_the_larger_lock_serves(environment: Environment) -> None:
    """What only runs Dormouse is not made anew where everything is installed already."""
    pretend(environment, DEVELOPMENT.lock.read_bytes())
    smaller = replace(environment, lock=RUNNING.lock, contained_in=DEVELOPMENT.lock)
    assert smaller.is_current
    assert not replace(smaller, contained_in=None).is_current


@pytest.fixture
def without_uv(monkeypatch: pytest.MonkeyPatch, environment: Environment) -> None:
    """Neither the machine nor this checkout has uv."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    monkeypatch.setattr(bootstrap, "DEVELOPMENT", environment)


@pytest.fixture
def oldest_pip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The pip that the first release of this Python brought."""
    lock, folder = tmp_path / "pip.txt", tmp_path / "oldest pip"
    lock.write_text(OLDEST_PIPS[sys.version_info[:2]])
    install = (DEVELOPMENT.uv, "pip", "install", "--quiet", "--python", sys.executable)
    exactly = ("--require-hashes", "--target", folder, "-r", lock)
    subprocess.run([*install, *exactly], check=True)  # noqa: S603 - ours
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))


@pytest.mark.parametrize("tools", [(), ("without_uv",), ("oldest_pip", "without_uv")])
def test_only_the_lock_says_what_is_installed(
    request: pytest.FixtureRequest, environment: Environment, tools: tuple[str, ...], index: Index
) -> None:
    """A release since the lock was made changes nothing, whatever installs."""
    for tool in tools:
        request.getfixturevalue(tool)
    environment = replace(environment, lock=index.lock)
    index.serve(request.getfixturevalue("monkeypatch"))
    make(environment)
    assert installed(environment) == {"alpha": "1.0", "beta": "1.0", "gamma": "1.0"}


def test_what_was_tampered_with_is_not_installed(
    monkeypatch: pytest.MonkeyPatch, environment: Environment, index: Index
) -> None:
    """A file whose hash is not the lock's ends the command, with the installer's words."""
    environment = replace(environment, lock=index.lock)
    index.serve(monkeypatch)
    index.tamper("beta")
    with pytest.raises(CannotInstall, match=r"(?i)hash"):
        make(environment)
    assert not environment.is_current


@pytest.mark.usefixtures("without_uv")
def test_a_python_that_can_install_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, environment: Environment
) -> None:
    """One sentence says what to install."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(CannotInstall, match="sudo apt install python3-venv"):
        make(environment)


def test_a_missing_python_is_told(tmp_path: Path) -> None:
    """The script says what to do where there is no Python that is new enough."""
    for needed in ("sh", "dirname"):
        (tmp_path / needed).symlink_to(str(shutil.which(needed)))
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    ran = subprocess.run(  # noqa: S603 - ours
        [ROOT / "dev", "up"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert "Dormouse needs Python 3.11 or newer" in ran.stderr
