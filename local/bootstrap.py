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
    """A virtual environment and the lock that it is made from.

    `contained_in` names a lock that pins the same and more: an environment made from that one
    serves as well.
    """

    folder: Path
    lock: Path
    contained_in: Path | None = None

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def uv(self) -> Path:
        """The installer that the lock pins, once it is there."""
        return self.folder / "bin" / "uv"

    @property
    def stamp(self) -> Path:
        """Holds the hash of the lock that the environment was made from."""
        return self.folder / "dormouse-lock.sha256"

    @property
    def digest(self) -> str:
        return _digest(self.lock)

    @property
    def is_current(self) -> bool:
        """Whether it is there and was made from the lock, or the larger one, as it is now."""
        if not (self.python.exists() and self.stamp.is_file()):
            return False
        made_from = self.stamp.read_text()
        return made_from == self.digest or (
            self.contained_in is not None and made_from == _digest(self.contained_in)
        )


_LOCKS = ROOT / "requirements"
DEVELOPMENT = Environment(ROOT / ".venv", _LOCKS / "dev.txt")
RUNNING = Environment(ROOT / ".venv", _LOCKS / "local.txt", contained_in=_LOCKS / "dev.txt")
"""The same folder, without linters and test tools: they are added when they are first needed."""

BENCH = Environment(ROOT / ".venv-bench", _LOCKS / "bench.txt")
"""Apart from the other one, so that what is measured beside Dormouse burdens no test."""

AUDIT = Environment(ROOT / ".venv-audit", _LOCKS / "audit.txt")
"""Apart too: what looks at dependencies is not to be one."""

_NEED_TEST_TOOLS = frozenset({"test", "fmt", "lock", "faults", "fuzz", "scale", "simulate"})


def main() -> None:
    """Replaces this process by the command, in the environment."""
    arguments = sys.argv[1:] or ["help"]
    environment = DEVELOPMENT if arguments[0] in _NEED_TEST_TOOLS else RUNNING
    run_in(environment, "local.cli", arguments)


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

    Nothing is resolved, so no release since the lock was written and no setting of pip's can
    change what is installed. A second `./dev` that starts meanwhile waits. Raises
    `CannotInstall`, `Interrupted`.
    """
    with environment.lock.open() as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        if environment.is_current:
            return
        name, lock = environment.folder.name, environment.lock.name
        print(f"Making {name} from requirements/{lock}, once ...", file=sys.stderr)  # noqa: T201
        install(environment)
        environment.stamp.write_text(environment.digest)


def install(environment: Environment) -> None:
    """Install by uv: the machine's, or the one that the lock pins; by pip where uv can't.

    uv takes a fifth of pip's time, the fetching of uv included. It may be unable to, where only
    pip is told of the machine's package index. Raises `CannotInstall`, `Interrupted`.
    """
    if not environment.python.exists():
        _run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(environment.folder)])
    try:
        uv = _found_uv(environment) or _fetch_uv(environment)
        where = ("--python", str(environment.python))
        _run([uv, "pip", "sync", "--quiet", *where, "--require-hashes", str(environment.lock)])
    except CannotInstall:
        _run([*_pip(environment), *_INSTALL, "-r", str(environment.lock)])


_INSTALL = ("install", "--no-deps", "--require-hashes", "--disable-pip-version-check")


def _found_uv(environment: Environment) -> str | None:
    for one in (environment, DEVELOPMENT):
        if one.python.exists() and one.uv.exists():
            return str(one.uv)
    return shutil.which("uv")


def _pip(environment: Environment) -> list[str]:
    """The command that installs into the environment by pip."""
    if importlib.util.find_spec("pip"):
        # Debian has ensurepip in a package of its own; another pip does as well, and sooner.
        return [sys.executable, "-m", "pip", "--python", str(environment.python)]
    if importlib.util.find_spec("ensurepip"):
        _run([str(environment.python), "-m", "ensurepip"])
        return [str(environment.python), "-m", "pip"]
    raise CannotInstall(
        f"{sys.executable} can't install packages: install uv"
        " (https://docs.astral.sh/uv/) or, on Debian, `sudo apt install python3-venv`."
    )


def _fetch_uv(environment: Environment) -> str:
    """Install the one wheel, under the hash that the lock has for it."""
    lines = _lines_of("uv", environment.lock)
    if not lines:
        raise CannotInstall(f"{environment.lock.name} pins no uv.")
    only_uv = environment.folder / "uv.txt"
    only_uv.write_text(lines)
    _run([*_pip(environment), *_INSTALL, "--only-binary", ":all:", "-r", str(only_uv)])
    return str(environment.uv)


def _lines_of(name: str, lock: Path) -> str:
    """One requirement of the lock, with its hashes."""
    lines = lock.read_text().splitlines(keepends=True)
    first = next((n for n, line in enumerate(lines) if line.startswith(f"{name}==")), len(lines))
    last = first
    while last < len(lines) and lines[last].rstrip().endswith("\\"):
        last += 1
    return "".join(lines[first : last + 1])


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def _run(command: list[str]) -> None:
    processes = Processes(_Progress().show)
    name = f"`{Path(command[0]).name} {' '.join(command[1:4])} ...`"
    with processes.signals_end_it(), processes:
        # A setting that suits a machine's own packages, and that no environment can follow.
        processes.start(name, command, {**os.environ, "PIP_USER": "0"})
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
