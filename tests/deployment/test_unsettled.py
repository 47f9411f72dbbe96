"""A fresh project, where rights granted a moment ago aren't known everywhere yet."""

import shutil

import pytest

from deployment.deploy.builds import TRIES
from tests.deployment.conftest import Team

REFUSED = (
    "ERROR: (gcloud.builds.submit) INVALID_ARGUMENT: could not resolve source: googleapi: Error"
    " 403: dormouse-build does not have storage.objects.get access"
)


@pytest.mark.parametrize("failures", [1, 3])
def test_the_first_build_waits_for_its_rights(team: Team, failures: int) -> None:
    """Cloud Build refuses the sources some times, and the command ends in a deployment."""
    for _ in range(failures):
        team.programs.answer("gcloud builds submit*", status=1, err=REFUSED + "\n", once=True)
    assert team.deploy("--region", "us-central1") == 0, team.words
    assert len(team.pauses) == failures


def test_a_build_without_rights_ends(team: Team) -> None:
    """The tries are bounded, and the last says what Cloud Build said."""
    team.programs.answer("gcloud builds submit*", status=1, err=REFUSED)
    assert team.deploy("--region", "us-central1") == 1
    assert "storage.objects.get" in team.words
    assert len(team.pauses) == TRIES - 1


def test_a_build_that_fails_of_itself_is_not_repeated(team: Team) -> None:
    """A failed test would fail again: one build, no pause."""
    team.programs.answer("gcloud builds submit*", status=1, err="ERROR: build failed")
    assert team.deploy("--region", "us-central1") == 1
    assert team.pauses == []


def test_outside_a_checkout_one_sentence_says_so(team: Team) -> None:
    """An unpacked archive has no git, and gets a sentence, not a traceback."""
    shutil.rmtree(team.root / ".git")
    assert team.deploy("--region", "us-central1") == 1
    assert "is not a git checkout" in team.words


def test_the_callers_account_may_take_a_while(team: Team) -> None:
    """It was made a moment ago, and is not known yet where it gets its binding."""
    binding = "gcloud iam service-accounts add-iam-policy-binding*"
    for _ in range(3):
        team.programs.answer(binding, status=1, err="NOT_FOUND: Unknown service account", once=True)
    assert team.deploy("--region", "us-central1") == 0, team.words
    assert len(team.pauses) == 3


def test_an_account_that_has_been_there_is_not_waited_for(team: Team) -> None:
    """What is refused then is refused."""
    team.programs.answer("gcloud iam service-accounts list*", out="dormouse-caller@project")
    team.programs.answer(
        "gcloud iam service-accounts add-iam-policy-binding*", status=1, err="PERMISSION_DENIED"
    )
    assert team.deploy("--region", "us-central1") == 1
    assert team.pauses == []
