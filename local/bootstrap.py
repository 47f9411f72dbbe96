"""Makes the virtual environment that the commands of `./dev` run in, then runs the command there.

Runs under the Python that was found on the machine, so it uses the standard library only.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from local.processes import ROOT, ChildEnded, Interrupted, Processes


class CannotInstall(Exception):
    """Why the environment can't be made, and what to do."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and the lock that it is made from."""

    folder: Path
    lock: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Holds the hash of the lock that the environment was made from."""
        return self.folder / "dormouse-lock.sha256"

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.lock.read_bytes()).hexdigest()

    @property
    def is_current(self) -> bool:
        """Whether it is there and was made from the lock as it is now."""
        made = self.python.exists() and self.stamp.is_file()
        return made and self.stamp.read_text() == self.digest


DEVELOPMENT = Environment(ROOT / ".venv", ROOT / "requirements" / "dev.txt")
BENCH = Environment(ROOT / ".venv-bench", ROOT / "requirements" / "bench.txt")
"""Apart from the other one, so that what is measured beside Dormouse burdens no test."""

AUDIT = Environment(ROOT / ".venv-audit", ROOT / "requirements" / "audit.txt")
"""Apart too: what looks at dependencies is not to be one."""


def main() -> None:
    """Replaces this process by the command, in the environment."""
    run_in(DEVELOPMENT, "local.cli", sys.argv[1:] or ["help"])


def run_in(environment: Environment, module: str, arguments: Sequence[str]) -> NoReturn:
    """Replace this process by a module in the environment, which is made first if need be."""
    if not environment.is_current:
        try:
            make(environment)
        except Interrupted as interrupted:
            sys.exit(128 + interrupted.number)
        except CannotInstall as problem:
            sys.exit(str(problem))
    python = str(environment.python)
    os.execv(python, [python, "-m", module, *arguments])  # noqa: S606 - ours


def make(environment: Environment) -> None:
    """Install exactly what the lock names, every file checked against its hash.

    A second `./dev` that starts meanwhile waits. Raises `CannotInstall`, `Interrupted`.
    """
    with environment.lock.open() as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        if environment.is_current:
            return
        name, lock = environment.folder.name, environment.lock.name
        print(f"Making {name} from requirements/{lock}, once ...", file=sys.stderr)  # noqa: T201
        for command in commands(environment):
            _run(command)
        environment.stamp.write_text(environment.digest)


def commands(environment: Environment) -> list[list[str]]:
    """What installs it here. Raises `CannotInstall`."""
    venv, python = str(environment.folder), str(environment.python)
    lock, exists = str(environment.lock), environment.python.exists()
    if uv := shutil.which("uv"):
        sync = [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", lock]
        return [sync] if exists else [[uv, "venv", "--python", sys.executable, venv], sync]
    new = [sys.executable, "-m", "venv", "--clear"]
    install = ["install", "--require-hashes", "-r", lock]
    if importlib.util.find_spec("ensurepip"):
        pip = [python, "-m", "pip", *install]
        has_pip = (environment.folder / "bin" / "pip").exists()
        return [pip] if has_pip else [[*new, venv], pip]
    if importlib.util.find_spec("pip"):
        # Debian has ensurepip in a package of its own; another pip does as well.
        pip = [sys.executable, "-m", "pip", "--python", python, *install]
        return [pip] if exists else [[*new, "--without-pip", venv], pip]
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


if __name__ == "__main__":
    main()
