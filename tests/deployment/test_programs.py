"""Finding gcloud and Terraform, and saying how to get what is missing."""

import shutil
from pathlib import Path

import pytest

from deployment import programs as found
from deployment.deploy.sources import ROOMS, digest
from deployment.programs import ProgramFailed, ProgramMissing, find_gcloud, find_terraform
from local.processes import ROOT
from tests.deployment.conftest import Team
from tests.deployment.programs import StandIns
from tests.docker.stages import stages


def test_a_missing_program_is_told_with_where_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in one sentence with its page."""
    monkeypatch.setattr(found, "SDK_FOLDERS", ())
    with pytest.raises(ProgramMissing, match=r"https://cloud\.google\.com/sdk"):
        find_gcloud({"PATH": str(tmp_path)}, tmp_path)
    with pytest.raises(ProgramMissing, match=r"https://developer\.hashicorp\.com"):
        find_terraform({"PATH": str(tmp_path)}, tmp_path, tmp_path)


def test_gcloud_is_found_where_it_is_often_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if its folder is not on PATH."""
    program = tmp_path / "sdk" / "bin" / "gcloud"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho found\n")
    program.chmod(0o755)
    monkeypatch.setattr(found, "SDK_FOLDERS", (str(tmp_path / "sdk"),))
    assert find_gcloud({"PATH": ""}, tmp_path).path == str(program)


@pytest.mark.parametrize(
    ("version", "enough"), [("1.8.5", False), ("1.9.0", True), ("1.11.4", True), ("2.0.0", True)]
)
def test_an_old_terraform_is_told(
    tmp_path: Path, programs: StandIns, version: str, enough: bool
) -> None:
    """As `infra/versions.tf` requires at least."""
    programs.answer("terraform version*", {"terraform_version": version})
    if enough:
        find_terraform(programs.environment, tmp_path / "later", tmp_path)
        return
    with pytest.raises(ProgramMissing, match=r"older than 1\.9"):
        find_terraform(programs.environment, tmp_path, tmp_path)


def test_the_oldest_terraform_is_that_of_the_module() -> None:
    """What is checked before is what Terraform would ask for."""
    oldest = ".".join(map(str, found.OLDEST_TERRAFORM))
    assert f'required_version = ">= {oldest}"' in (ROOT / "infra" / "versions.tf").read_text()


def test_a_failure_says_which_command_and_what_it_said(tmp_path: Path, programs: StandIns) -> None:
    """The program's own words are kept where nobody has seen them."""
    programs.answer("gcloud projects*", status=3, err="no such project")
    gcloud = find_gcloud(programs.environment, tmp_path)
    with pytest.raises(ProgramFailed, match=r"(?s)gcloud projects list.*status 3.*no such project"):
        gcloud.read("projects", "list")


def test_only_what_gets_into_an_image_counts_as_a_source(team: Team) -> None:
    """A change in a room of the images changes the digest, a page or a test does not."""
    before = digest(team.root)
    (team.root / "docs").mkdir()
    (team.root / "docs" / "page.md").write_text("new")
    assert digest(team.root) == before
    (team.root / "worker").mkdir()
    (team.root / "worker" / "app.py").write_text("new")
    added = digest(team.root)
    assert added != before
    (team.root / "worker" / "app.py").unlink()
    assert digest(team.root) == before
    shutil.copy(ROOT / "Dockerfile.api", team.root)
    assert digest(team.root) not in {added, before}


def test_the_sources_are_what_the_dockerfiles_copy() -> None:
    """Nothing that gets into an image is left out."""
    copied = {
        name.partition("/")[0]
        for file in ("Dockerfile.api", "Dockerfile.worker")
        for stage in stages(ROOT / file)
        if stage.name == "build"
        for name in stage.copied_from_context
    }
    assert copied | {"Dockerfile.api", "Dockerfile.worker", ".dockerignore"} == set(ROOMS)
