"""The programs that a deployment is made with: where they are, and how to get and run them."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

SDK_FOLDERS = (
    "~/google-cloud-sdk",
    "/usr/local/share/google-cloud-sdk",
    "/usr/local/Caskroom/google-cloud-sdk/latest/google-cloud-sdk",
    "/usr/local/Caskroom/gcloud-cli/latest/google-cloud-sdk",
    "/opt/homebrew/share/google-cloud-sdk",
    "/opt/homebrew/Caskroom/google-cloud-sdk/latest/google-cloud-sdk",
    "/opt/homebrew/Caskroom/gcloud-cli/latest/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/opt/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
)
"""Where Google's Cloud SDK is often installed."""
KEPT_LINES = 20
"""What a failed program said last, which tells why."""
OLDEST_TERRAFORM = (1, 9)
"""As `infra/versions.tf` requires."""


class ProgramMissing(Exception):
    """Which program is not there or too old, and how to get it."""


class ProgramFailed(Exception):
    """A program ended with an error. `said` is what it wrote about it, if that was kept."""

    def __init__(self, command: str, status: int, said: str = "") -> None:
        about = f":\n{said}" if said else "."
        super().__init__(f"`{command}` ended with status {status}{about}")
        self.said = said


@dataclass(frozen=True, kw_only=True)
class Program:
    """An installed program, with the environment that it runs in."""

    path: str
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    """Where it runs."""

    def read(self, *words: str) -> str:
        """What it writes to stdout. Raises `ProgramFailed`, with what it wrote to stderr."""
        ran = subprocess.run(  # noqa: S603 - our own words, and no shell
            [self.path, *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise ProgramFailed(self._named(words), ran.returncode, ran.stderr.strip())
        return ran.stdout.strip()

    def read_json(self, *words: str) -> Any:
        """As `read`, of a command that was told to write JSON."""
        return json.loads(self.read(*words) or "null")

    def watch(self, *words: str) -> str:
        """As `read`, while what it writes to stderr goes to the terminal too."""
        with (
            tempfile.TemporaryFile("w+") as out,
            subprocess.Popen(  # noqa: S603 - likewise
                [self.path, *words],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.PIPE,
                text=True,
            ) as running,
        ):
            said: deque[str] = deque(maxlen=KEPT_LINES)
            for line in running.stderr or ():
                sys.stderr.write(line)
                said.append(line)
            if status := running.wait():
                raise ProgramFailed(self._named(words), status, "".join(said).strip())
            out.seek(0)
            return out.read().strip()

    def run(self, *words: str, **more: str) -> None:
        """Let it write to the terminal; `more` goes to its environment. Raises `ProgramFailed`."""
        ran = subprocess.run(  # noqa: S603 - likewise
            [self.path, *words],
            cwd=self.folder,
            env={**self.environment, **more},
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if ran.returncode:
            raise ProgramFailed(self._named(words), ran.returncode)

    def _named(self, words: tuple[str, ...]) -> str:
        return " ".join([Path(self.path).name, *words])


def find_gcloud(environment: Mapping[str, str], folder: Path) -> Program:
    """Raises `ProgramMissing`."""
    places = [f"{Path(place).expanduser()}/bin" for place in SDK_FOLDERS]
    path = ":".join([environment.get("PATH", ""), *places])
    found = shutil.which("gcloud", path=path)
    if found is None:
        raise ProgramMissing(
            "gcloud is not installed: see https://cloud.google.com/sdk/docs/install, or, with"
            " Homebrew, `brew install --cask gcloud-cli`."
        )
    return Program(path=found, environment=environment, folder=folder)


def find_terraform(environment: Mapping[str, str], folder: Path, here: Path) -> Program:
    """Will run in `folder`, which need not be there yet. Raises `ProgramMissing`."""
    how = (
        "see https://developer.hashicorp.com/terraform/install, or, with Homebrew,"
        " `brew install hashicorp/tap/terraform`."
    )
    found = shutil.which("terraform", path=environment.get("PATH", ""))
    if found is None:
        raise ProgramMissing(f"Terraform is not installed: {how}")
    program = Program(path=found, environment=environment, folder=here)
    version = str(program.read_json("version", "-json")["terraform_version"])
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < OLDEST_TERRAFORM:
        oldest = ".".join(map(str, OLDEST_TERRAFORM))
        raise ProgramMissing(f"Terraform {version} is older than {oldest}: {how}")
    return replace(program, folder=folder)
