"""What Terraform itself says, where it is installed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.terraform import INFRA, Terraform

ENVIRONMENTS = sorted(path.parent for path in INFRA.glob("environments/*/main.tf"))


@pytest.fixture
def command() -> str:
    found = shutil.which("terraform")
    if found is None:
        pytest.skip("terraform is not installed")
    return found


def run(*command: str) -> str:
    ran = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - terraform
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_every_file_is_formatted(command: str) -> None:
    """As `terraform fmt` leaves them."""
    assert run(command, "fmt", "-check", "-recursive", "-diff", str(INFRA)) == ""


def test_an_environment_takes_what_the_module_takes() -> None:
    """Terraform drops the attributes that a type lacks without a word: a role's `types`, say."""
    ours, theirs = Terraform().variables, Terraform(INFRA / "environments" / "example").variables
    shared = ours.keys() & theirs.keys()
    assert "roles" in shared
    for name in shared:
        assert _plain(theirs[name]["type"]) == _plain(ours[name]["type"]), name


def _plain(expression: object) -> str:
    return re.sub(r"[\s,]+", "", str(expression))


@pytest.mark.parametrize("folder", ENVIRONMENTS, ids=lambda path: path.name)
def test_an_environment_is_valid(command: str, folder: Path) -> None:
    """Every name and type, by the provider's own schema."""
    if not (folder / ".terraform").is_dir():
        pytest.skip("`terraform init -backend=false` was not run here")
    assert run(command, f"-chdir={folder}", "validate") == ""
