"""Makes the virtual environment that the commands of `./dev` run in, then runs the command there.

Runs under the Python that was found on the machine, so it uses the standard library only.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from local.processes import ROOT, ChildEnded, Interrupted, Processes

VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "dev.txt"
STAMP = VENV / "dormouse-lock.sha256"
PYTHON = VENV / "bin" / "python"
"""Holds the hash of the lock that the environment was made from."""


class CannotInstall(Exception):
    """Why the environment can't be made, and what to do."""


def main() -> None:
    """Replaces this process by the command, in the environment."""
    if not is_current():
        try:
            make_environment()
        except Interrupted as interrupted:
            sys.exit(128 + interrupted.number)
        except CannotInstall as problem:
            sys.exit(str(problem))
    os.execv(PYTHON, [str(PYTHON), "-m", "local.cli", *(sys.argv[1:] or ["help"])])  # noqa: S606 - ours


def is_current() -> bool:
    """Whether the environment is there and was made from the lock as it is now."""
    return PYTHON.exists() and STAMP.is_file() and STAMP.read_text() == _digest()


def make_environment() -> None:
    """Install exactly what the lock names, every file checked against its hash.

    A second `./dev` that starts meanwhile waits. Raises `CannotInstall`, `Interrupted`.
    """
    with (ROOT / "requirements" / "dev.txt").open() as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        if is_current():
            return
        print("Making .venv from requirements/dev.txt, once ...", file=sys.stderr)  # noqa: T201
        for command in _commands():
            _run(command)
        STAMP.write_text(_digest())


def _commands() -> list[list[str]]:
    venv, python, lock = str(VENV), str(PYTHON), str(LOCK)
    if uv := shutil.which("uv"):
        sync = [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock]
        return [sync] if PYTHON.exists() else [[uv, "venv", "--python", sys.executable, venv], sync]
    make = [sys.executable, "-m", "venv", "--clear"]
    install = ["install", "--require-hashes", "-r", lock]
    if importlib.util.find_spec("ensurepip"):
        pip = [python, "-m", "pip", *install]
        return [pip] if (VENV / "bin" / "pip").exists() else [[*make, venv], pip]
    if importlib.util.find_spec("pip"):
        # Debian has ensurepip in a package of its own; another pip does as well.
        pip = [sys.executable, "-m", "pip", "--python", python, *install]
        return [pip] if PYTHON.exists() else [[*make, "--without-pip", venv], pip]
    raise CannotInstall(
        f"{sys.executable} can't make a virtual environment: install uv"
        " (https://docs.astral.sh/uv/) or, on Debian, `sudo apt install python3-venv`."
    )


def _run(command: list[str]) -> None:
    processes = Processes(_Progress().show)
    name = f"`{Path(command[0]).name} {' '.join(command[1:4])} ...`"
    with processes.signals_end_it(), processes:
        processes.start(name, command)
        try:
            processes.wait()
        except ChildEnded as ended:
            if ended.status:
                raise CannotInstall("\n".join([*ended.last_lines, str(ended)])) from ended


class _Progress:
    """Counts what an installer goes through. Its words are shown only if it fails."""

    def __init__(self) -> None:
        self._packages = 0

    def show(self, _name: str, line: str) -> None:
        if line.startswith("Collecting ") and sys.stderr.isatty():
            self._packages += 1
            print(f"\r  {self._packages} packages ...", end="", file=sys.stderr, flush=True)  # noqa: T201
        if line.startswith("Installing collected packages") and sys.stderr.isatty():
            print(" installing", file=sys.stderr)  # noqa: T201


def _digest() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
