import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs" / "adding-a-job-type.md"

_FILE = re.compile(
    r"^Make `(?P<path>[\w./]+)`[^\n]*\n\n```python\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_DIFF = re.compile(r"^```diff\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_PYTHON = re.compile(r"^\.venv/bin/python (?P<arguments>.+)$", re.MULTILINE)


def run(*command: str, folder: Path) -> str:
    """What the command printed, for the test's report if it failed."""
    ran = subprocess.run(  # noqa: S603 - what the guide says, which is the point
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{' '.join(command)}\n{ran.stdout}{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of this tree in which somebody did what the guide says, and no more."""
    copy = tmp_path_factory.mktemp("guide") / "dormouse"
    ignored = shutil.ignore_patterns(".*", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored)
    guide = GUIDE.read_text()
    for file in _FILE.finditer(guide):
        path = copy / file["path"]
        assert not path.exists()
        path.write_text(file["text"])
    (diff,) = _DIFF.finditer(guide)
    (copy / "list.diff").write_text(diff["text"])
    run("git", "apply", "list.diff", folder=copy)
    (copy / "list.diff").unlink()
    return copy


def test_the_guide_leads_to_a_tested_handler(followed: Path) -> None:
    """Its command, run where it says, runs its test, which passes."""
    (command,) = _PYTHON.finditer(GUIDE.read_text())

    output = run(sys.executable, *command["arguments"].split(), folder=followed)

    assert "2 passed" in output


def test_the_new_job_type_is_as_good_as_the_others(followed: Path) -> None:
    """It is in the list, it imports nothing heavy, it is fit to be shown."""
    tests = "tests/handlers/test_job_types.py"

    output = run(sys.executable, "-m", "pytest", tests, "-v", folder=followed)

    assert "page.title" in output


@pytest.mark.parametrize(
    "tool", [("ruff", "check"), ("ruff", "format", "--check"), ("mypy", "--no-error-summary")]
)
def test_the_guides_code_is_in_style(followed: Path, tool: tuple[str, ...]) -> None:
    """What a reader copies passes `./dev test` as it stands."""
    paths = [file["path"] for file in _FILE.finditer(GUIDE.read_text())]
    assert len(paths) == 2

    run(sys.executable, "-m", *tool, *paths, "handlers/__init__.py", folder=followed)
