"""What an installed Cloud SDK, and an installed Terraform, would parse."""

import re
import runpy
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest


class SdkCommands:
    """The SDK's commands with their flags, as its own completion knows them."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self._tree = tree

    @classmethod
    @cache
    def installed(cls) -> "SdkCommands":
        """Skips the test where there is none."""
        gcloud = shutil.which("gcloud")
        if gcloud is None:
            pytest.skip("gcloud is not installed")
        asked = [gcloud, "info", "--format=value(installation.sdk_root)"]
        said = subprocess.run(asked, check=True, capture_output=True, text=True)  # noqa: S603 - gcloud
        root = Path(said.stdout.strip())
        listed = root / "data" / "cli" / "gcloud_completions.py"
        if not listed.exists():
            pytest.skip("this SDK has no list of its commands")
        return cls(runpy.run_path(str(listed))["STATIC_COMPLETION_CLI_TREE"])

    def refusal(self, words: Sequence[str]) -> str | None:
        """Why gcloud would not take these words; None if it would."""
        flags = set(self._tree["flags"])
        here = self._tree
        for word in words:
            if word.startswith("--"):
                break
            if not here["commands"]:
                continue
            if word not in here["commands"]:
                return f"there is no {word} in gcloud {' '.join(words)}"
            here = here["commands"][word]
            flags |= set(here["flags"])
        if here["commands"]:
            return f"gcloud {' '.join(words)} is a group of commands"
        used = {word.partition("=")[0] for word in words if word.startswith("--")}
        # The list names what can be switched off by what switches it on.
        flags |= {f"--no-{name[2:]}" for name in flags}
        unknown = sorted(used - flags)
        return f"gcloud {' '.join(words)} has no {unknown}" if unknown else None


@cache
def _terraform_help(*command: str) -> str:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed")
    asked = [terraform, *command, "-help"]
    ran = subprocess.run(asked, check=False, capture_output=True, text=True)  # noqa: S603 - terraform
    return ran.stdout + ran.stderr


def terraform_refusal(words: Sequence[str]) -> str | None:
    """Why Terraform would not take these words, by its own help; None if it would."""
    command = words[:2] if words[0] == "state" else words[:1]
    text = _terraform_help(*command)
    # What plan takes, apply and destroy take too, and say so in words only.
    if command[0] in {"apply", "destroy"}:
        text += _terraform_help("apply") + _terraform_help("plan")
    known = set(re.findall(r"(?<![\w-])-[a-z][a-z-]+", text))
    used = {word.partition("=")[0] for word in words if word.startswith("-")}
    unknown = sorted(used - known)
    return f"terraform {' '.join(words)} has no {unknown}" if unknown else None
