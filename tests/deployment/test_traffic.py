"""Which revision serves after settings have changed."""

from typing import Any

import pytest

from tests.deployment.conftest import Team, deployed

PINNED = [{"revisionName": "api-1", "percent": 100}]
SHARED = [{"revisionName": "api-1", "percent": 90}, {"revisionName": "api-2", "percent": 10}]


def newest_is_another(team: Team, traffic: list[dict[str, Any]], *, image: str) -> None:
    status = {"latestReadyRevisionName": "api-2", "traffic": traffic}
    team.programs.answer("gcloud run services describe dormouse-api*", {"status": status})
    for revision, its in (("api-1", "old"), ("api-2", image)):
        spec = {"spec": {"containers": [{"image": its}]}}
        team.programs.answer(f"gcloud run revisions describe {revision}*", spec)


def test_new_settings_get_the_traffic(team: Team) -> None:
    """A revision with the same image, which a build has pinned traffic away from, serves."""
    deployed(team)
    newest_is_another(team, PINNED, image="old")
    assert team.deploy() == 0, team.words
    assert [line for line in team.programs.lines if "update-traffic" in line] == [
        (
            "gcloud run services update-traffic dormouse-api --project=some-project"
            " --region=us-central1 --to-latest --quiet"
        )
    ]


@pytest.mark.parametrize(
    ("traffic", "image", "why"),
    [(PINNED, "new", "another image"), (SHARED, "old", "a rollout is under way")],
)
def test_no_traffic_goes_where_no_build_has_sent_any(
    team: Team, traffic: list[dict[str, Any]], image: str, why: str
) -> None:
    """An image that no build let through, and a rollout that is under way, are left alone."""
    deployed(team)
    newest_is_another(team, traffic, image=image)
    assert team.deploy() == 0, team.words
    assert not [line for line in team.programs.lines if "update-traffic" in line]
    assert why in team.words
