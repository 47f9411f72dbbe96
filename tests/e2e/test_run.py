"""`./dev run` on the real system, as a script uses it."""

import json
import subprocess
import sys

import pytest

from local.ports import flag
from local.processes import ROOT
from tests.e2e.system import System

TABLE = json.dumps({"text": "a\n1\n2\n"})


def run(system: System, *arguments: str) -> subprocess.CompletedProcess[str]:
    ports = [flag("api"), str(system.ports.api), flag("local"), str(system.ports.local)]
    return subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-m", "local.cli", "run", *arguments, *ports],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_result_is_printed(system: System) -> None:
    """With --wait, and nothing else on stdout."""
    ran = run(system, "table.profile", TABLE, "--wait")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads(ran.stdout)["rows"] == 2


def test_without_waiting_there_is_an_id(system: System) -> None:
    """To ask for later."""
    ran = run(system, "table.profile", TABLE)
    assert ran.returncode == 0
    assert len(ran.stdout.strip()) == 32


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["table.profile", '{"text": "a,b\\n1\\n"}', "--wait"], "failed: The record that ends"),
        (["table.profile", "{}"], "give exactly one of"),
        (["nothing.known"], "nothing.known"),
    ],
)
def test_what_went_wrong_ends_with_1(system: System, arguments: list[str], said: str) -> None:
    """And says why on stderr."""
    ran = run(system, *arguments)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert said in ran.stderr
