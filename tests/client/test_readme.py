"""The client's examples in the README and docs/client.md run as they are pasted."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from local.ports import variable
from local.processes import ROOT
from tests.e2e.system import System

SECONDS = 60
_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ONE_LINE = re.compile(r"^dormouse .*--wait$", re.MULTILINE)


@pytest.fixture
def environment(stack: System, tmp_path: Path) -> dict[str, str]:
    """Of somebody who has started the system on other ports."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT / "client"),
        variable("api"): str(stack.ports.api),
        variable("local"): str(stack.ports.local),
    }


def run(environment: dict[str, str], *arguments: str) -> str:
    ran = subprocess.run(  # noqa: S603 - what the pages say, which is the point
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_five_lines_lead_to_a_result(environment: dict[str, str]) -> None:
    """No more, and they print it."""
    (lines,) = _PYTHON.findall((ROOT / "README.md").read_text())
    assert len([line for line in lines.splitlines() if line]) <= 5
    assert run(environment, "-c", lines) == "1\n"


def test_one_line_does_for_a_build(environment: dict[str, str]) -> None:
    """It prints the result and exits with 0."""
    (line,) = _ONE_LINE.findall((ROOT / "README.md").read_text())
    _, *arguments = shlex.split(line)
    assert '"rows": 1' in run(environment, "-m", "dormouse.command", *arguments)


def test_the_pages_examples_run(environment: dict[str, str]) -> None:
    """Those of docs/client.md, one after another in one program."""
    examples = _PYTHON.findall((ROOT / "docs" / "client.md").read_text())
    assert len(examples) >= 4
    run(environment, "-c", "\n".join(examples))
