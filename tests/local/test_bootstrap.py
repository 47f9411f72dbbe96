"""`./dev` on machines with different tools: how it gets its environment, and what it says."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local.bootstrap import DEVELOPMENT, CannotInstall, Environment, commands
from local.processes import ROOT


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """One that is not there yet."""
    return Environment(tmp_path / "venv", DEVELOPMENT.lock)


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which of uv, ensurepip and pip the machine has."""

    def only(*tools: str) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in tools else None)
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: object() if name in tools else None
        )

    return only


def pretend(made: Environment, lock: bytes) -> None:
    made.python.parent.mkdir(parents=True)
    made.python.touch()
    made.stamp.write_text(hashlib.sha256(lock).hexdigest())


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


@pytest.mark.parametrize("tools", [("uv",), ("ensurepip", "pip"), ("pip",)])
def test_every_way_checks_the_hashes(
    has: Callable[..., None], environment: Environment, tools: tuple[str, ...]
) -> None:
    """Whatever installs, it is told to accept nothing but what the lock names."""
    has(*tools)
    make_it, install = commands(environment)
    assert "venv" in make_it
    assert "--require-hashes" in install
    assert str(environment.lock) in install


def test_a_python_that_can_install_nothing_is_told(
    has: Callable[..., None], environment: Environment
) -> None:
    """One sentence says what to install."""
    has()
    with pytest.raises(CannotInstall, match="sudo apt install python3-venv"):
        commands(environment)


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
