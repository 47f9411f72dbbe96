"""The commands of the README and docs/examples.md, run as they are pasted, on the real system."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.ports import Ports, variable
from local.processes import ROOT
from local.services import url
from tests.e2e.system import System

SECONDS = 110
_BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = "----- the next block -----"


@dataclass(frozen=True)
class Example:
    """A block of commands, and what the page says that they answer, if it does."""

    commands: str
    answer: Any = None


def examples() -> Iterator[Example]:
    pages = (ROOT / "README.md", ROOT / "docs" / "examples.md")
    blocks = [block for page in pages for block in _BLOCK.findall(page.read_text())]
    for number, (kind, text) in enumerate(blocks):
        if kind == "sh":
            following = blocks[number + 1 : number + 2]
            said = [json.loads(answer) for other, answer in following if other == "json"]
            yield Example(text, said[0] if said else None)


EXAMPLES = list(examples())


@pytest.fixture(scope="session")
def outputs(system: System) -> list[str]:
    """What each block prints, all of them pasted into one shell. Only the ports are changed."""
    script = f"echo '{_MARK}'\n".join(example.commands for example in EXAMPLES)
    for name in ("api", "local"):
        script = script.replace(url(getattr(Ports(), name)), url(getattr(system.ports, name)))
    ran = subprocess.run(  # noqa: S603 - our own pages
        ["bash", "-eu", "-c", script],  # noqa: S607 - wherever it is
        cwd=ROOT,
        env={**os.environ, variable("local"): str(system.ports.local)},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert ran.returncode == 0, ran
    return ran.stdout.split(f"{_MARK}\n")


def test_every_command_answers_what_the_page_says(outputs: list[str]) -> None:
    """Each answer holds at least what the page shows of it."""
    assert len(outputs) == len(EXAMPLES) > 8
    for example, output in zip(EXAMPLES, outputs, strict=True):
        if example.answer is not None:
            assert missing(example.answer, json.loads(output)) == [], output


def test_a_key_makes_one_job_of_two_submissions(outputs: list[str]) -> None:
    """The block with the `Idempotency-Key` prints one job's path twice, the second as a replay."""
    [shown] = [
        output.splitlines()
        for example, output in zip(EXAMPLES, outputs, strict=True)
        if "Idempotency-Key" in example.commands
    ]
    first, second = (line.split(" ") for line in shown)
    assert first[0] == second[0] == "202"
    assert first[1] == second[1] != ""
    assert second[2] == "replayed=true"


def missing(said: Any, answered: Any, path: str = "$") -> list[str]:
    """Where the answer lacks what was said of it. Of lists the first elements are compared."""
    if isinstance(said, dict) and isinstance(answered, dict):
        inner = [(f"{path}.{name}", said[name], answered.get(name)) for name in said]
    elif isinstance(said, list) and isinstance(answered, list) and len(answered) >= len(said):
        inner = [(f"{path}[{n}]", one, answered[n]) for n, one in enumerate(said)]
    else:
        return [] if said == answered else [f"{path}: {answered!r} instead of {said!r}"]
    return [lack for where, one, other in inner for lack in missing(one, other, where)]
