"""`./dev` on machines with different tools: how it gets its environment, and what it says."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from local import bootstrap
from local.bootstrap import CannotInstall, is_current
from local.processes import ROOT


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment's folder that is not there yet."""
    folder = tmp_path / "venv"
    monkeypatch.setattr(bootstrap, "VENV", folder)
    monkeypatch.setattr(bootstrap, "PYTHON", folder / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", folder / "stamp")
    return folder


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Says which of uv, ensurepip and pip the machine has."""

    def only(*tools: str) -> None:
        monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if name in tools else None)
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: object() if name in tools else None
        )

    return only


def make(folder: Path, lock: bytes) -> None:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    (folder / "stamp").write_text(hashlib.sha256(lock).hexdigest())


def test_an_environment_of_this_lock_is_current(venv: Path) -> None:
    """Nothing is done for an environment that was made from the lock as it is."""
    assert not is_current()
    make(venv, bootstrap.LOCK.read_bytes())
    assert is_current()


def test_an_environment_of_another_lock_is_not(venv: Path) -> None:
    """A changed lock, or a Python that is gone, makes the environment anew."""
    make(venv, b"another lock")
    assert not is_current()
    (venv / "stamp").write_text(bootstrap._digest())
    (venv / "bin" / "python").unlink()
    assert not is_current()


@pytest.mark.usefixtures("venv")
@pytest.mark.parametrize("tools", [("uv",), ("ensurepip", "pip"), ("pip",)])
def test_every_way_checks_the_hashes(has: Callable[..., None], tools: tuple[str, ...]) -> None:
    """Whatever installs, it is told to accept nothing but what the lock names."""
    has(*tools)
    make_it, install = bootstrap._commands()
    assert "venv" in make_it
    assert "--require-hashes" in install
    assert str(bootstrap.LOCK) in install


@pytest.mark.usefixtures("venv")
def test_a_python_that_can_install_nothing_is_told(has: Callable[..., None]) -> None:
    """One sentence says what to install."""
    has()
    with pytest.raises(CannotInstall, match="sudo apt install python3-venv"):
        bootstrap._commands()


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
