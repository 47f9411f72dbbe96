"""`./dev destroy`: two questions, and the jobs stay unless told otherwise."""

import pytest

from tests.deployment.conftest import PROJECT, Team, deployed

DATABASE = "module.dormouse.google_firestore_database.this"


def terraform(team: Team) -> list[str]:
    return [line for line in team.programs.lines if line.startswith("terraform ")][1:]


@pytest.mark.parametrize(
    "typed",
    [["yes"], ["other-project"], [PROJECT, "yes"], [PROJECT, "delete all jobs"], [PROJECT, ""]],
)
def test_a_wrong_answer_ends_it(team: Team, typed: list[str]) -> None:
    """Either question, answered with anything but its own words, and nothing was done."""
    deployed(team)
    team.typed = typed
    assert team.destroy() == 1
    assert team.told == ["Nothing was done."]
    assert terraform(team) == []


def test_the_jobs_are_kept(team: Team) -> None:
    """The database leaves Terraform's hands before anything is removed, protected as it was."""
    deployed(team)
    team.typed = [PROJECT, "keep the jobs"]
    assert team.destroy() == 0, team.words
    lines = terraform(team)
    assert f"terraform state rm {DATABASE}" in lines
    unprotected = [line for line in lines if line.startswith("terraform apply")]
    assert len(unprotected) == 1
    assert DATABASE not in unprotected[0]
    assert "-var=protect=false" in unprotected[0]
    assert lines[-1].startswith("terraform destroy")
    assert lines.index(f"terraform state rm {DATABASE}") < lines.index(unprotected[0])
    assert "--adopt-database" in team.words


def test_the_jobs_go_when_that_is_said_too(team: Team) -> None:
    """The database's protection goes with that of the services, then all of it."""
    deployed(team)
    team.typed = [PROJECT, "delete all jobs"]
    assert team.destroy("--with-data") == 0, team.words
    lines = terraform(team)
    assert not [line for line in lines if "state rm" in line]
    (unprotected,) = [line for line in lines if line.startswith("terraform apply")]
    assert f"-target={DATABASE}" in unprotected
    assert lines[-1].startswith("terraform destroy")


def test_it_is_safe_to_repeat(team: Team) -> None:
    """With nothing left, it still ends well."""
    deployed(team)
    team.programs.answer("terraform show -json", {"format_version": "1.0"})
    team.programs.answer("gcloud iam service-accounts list*", "")
    for _ in range(2):
        team.typed = [PROJECT, "keep the jobs"]
        assert team.destroy() == 0, team.words
    assert not [line for line in terraform(team) if "state rm" in line or "apply" in line]


def test_after_it_a_deployment_builds_its_images_anew(team: Team) -> None:
    """The registry is gone, so the images that are known are not."""
    deployed(team)
    team.typed = [PROJECT, "keep the jobs"]
    team.destroy()
    team.programs.forget()
    assert team.deploy("--adopt-database") == 0, team.words
    assert [line for line in team.programs.lines if "_GOAL=images" in line]


def test_what_was_never_deployed_is_told(team: Team) -> None:
    """Without settings there is nothing to go by."""
    assert team.destroy() == 1
    assert "There is nothing to go by" in team.words
