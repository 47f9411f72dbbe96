"""`./dev deploy`, with gcloud and Terraform stood in for by programs that are really started."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deployment.conftest import API, PROJECT, Team, deployed

IMAGES = {
    "api": f"us-central1-docker.pkg.dev/{PROJECT}/dormouse/api@sha256:1",
    "worker": f"us-central1-docker.pkg.dev/{PROJECT}/dormouse/worker@sha256:2",
}


def does(team: Team, *patterns: str) -> list[str]:
    """The calls that begin so, in their order, and shortened to what they begin with."""
    return [one for line in team.programs.lines for one in patterns if line.startswith(one)]


def test_a_project_and_a_region_give_a_url_and_a_curl(team: Team) -> None:
    """From an empty project to a job's result, in this order."""
    assert team.deploy("--region", "us-central1") == 0, team.words
    steps = (
        "gcloud services enable",
        "gcloud storage buckets create",
        "gcloud storage buckets update",
        "terraform init",
        "terraform apply -input=false -no-color -auto-approve",
        "gcloud builds submit",
        "terraform plan",
        "terraform apply -input=false -no-color tfplan",
        "gcloud iam service-accounts create",
        "gcloud iam service-accounts add-iam-policy-binding",
    )
    assert does(team, *steps) == list(steps)
    assert (team.root / "smoked").read_text() == f"{API} a-token\n"
    assert f"curl -sS {API}/v1/jobs" in team.words
    assert "gcloud auth print-identity-token" in team.words


def test_the_first_settings_name_who_may_do_what(team: Team) -> None:
    """Who deploys is an operator and hears of alerts; the caller may submit; images by digest."""
    team.deploy("--region", "us-central1")
    settings = (team.folder / "terraform.tfvars").read_text()
    assert f'project_id = "{PROJECT}"' in settings
    assert 'role = "operator", members = ["user:ada@example.com"]' in settings
    caller = f"serviceAccount:dormouse-caller@{PROJECT}.iam.gserviceaccount.com"
    assert f'role = "submitter", members = ["{caller}"]' in settings
    assert 'alert_emails = ["ada@example.com"]' in settings
    images = json.loads((team.folder / "images.auto.tfvars.json").read_text())
    assert images == {"images": IMAGES}


def test_the_first_build_knows_where_its_images_go(team: Team) -> None:
    """The build's account, registry and bucket are those that Terraform has just made."""
    team.deploy("--region", "us-central1")
    (build,) = [line for line in team.programs.lines if "builds submit" in line]
    assert "--gcs-source-staging-dir=gs://some-project-dormouse-sources/source" in build
    assert (
        "_GOAL=images,_ACCOUNT=dormouse-build@some-project.iam.gserviceaccount.com,"
        "_REGION=us-central1,_REGISTRY=us-central1-docker.pkg.dev/some-project/dormouse" in build
    )


def test_it_is_safe_to_repeat(team: Team) -> None:
    """A second run makes nothing twice, builds nothing, and keeps settings that were changed."""
    deployed(team)
    settings = team.folder / "terraform.tfvars"
    settings.write_text(settings.read_text() + "history = true\n")
    assert team.deploy() == 0, team.words
    assert does(team, "gcloud storage buckets create", "gcloud builds") == []
    assert does(team, "gcloud iam service-accounts create", "gcloud run services update") == []
    assert "history = true" in settings.read_text()
    assert f"curl -sS {API}/v1/jobs" in team.words


def test_it_goes_on_where_it_stopped(team: Team) -> None:
    """A run whose apply failed is repeated without building the images again."""
    team.programs.answer("terraform apply * tfplan", status=1, err="not yet known everywhere")
    assert team.deploy("--region", "us-central1") == 1
    assert "terraform apply" in team.words
    team.programs.answer("terraform apply * tfplan")
    team.programs.forget()
    assert team.deploy() == 0, team.words
    assert does(team, "gcloud builds submit") == []


def test_what_is_not_known_everywhere_yet_is_waited_for(team: Team) -> None:
    """An apply that fails is planned and done again after a pause; the command ends well."""
    team.programs.answer("terraform apply * tfplan", status=1, once=True)
    assert team.deploy("--region", "us-central1") == 0, team.words
    steps = ("terraform plan", "terraform apply -input=false -no-color tfplan")
    assert does(team, *steps) == [*steps, *steps]
    assert len(team.pauses) == 1


def test_changed_sources_are_built_and_rolled_out(team: Team) -> None:
    """A build that deploys, once; the next run without a change has nothing to build."""
    deployed(team)
    (team.root / "api" / "app.py").write_text("second\n")
    assert team.deploy() == 0, team.words
    (build,) = [line for line in team.programs.lines if "builds submit" in line]
    assert "_GOAL=deploy" in build
    assert f"_API_URL={API}" in build
    team.programs.forget()
    assert team.deploy() == 0
    assert does(team, "gcloud builds submit") == []
    assert team.deploy("--build") == 0
    assert does(team, "gcloud builds submit") == ["gcloud builds submit"]


def test_a_build_that_fails_is_tried_again(team: Team) -> None:
    """What was not deployed does not count as deployed."""
    deployed(team)
    (team.root / "api" / "app.py").write_text("second\n")
    team.programs.answer("gcloud builds submit*", status=1)
    assert team.deploy() == 1
    team.programs.forget()
    assert team.deploy() == 1
    assert does(team, "gcloud builds submit") == ["gcloud builds submit"]


def test_nothing_is_removed_unless_it_is_meant(team: Team) -> None:
    """A plan that takes something away, or makes it anew, is not applied without being told so."""
    deployed(team)
    team.plans(**{"module.dormouse.google_pubsub_topic.jobs": "delete create"})
    assert team.deploy() == 1
    assert "google_pubsub_topic.jobs" in team.words
    assert "--allow-removal" in team.words
    assert does(team, "terraform apply") == []
    assert team.deploy("--allow-removal") == 0
    assert does(team, "terraform apply") == ["terraform apply"]


@pytest.mark.parametrize(
    ("to", "answer", "hint"),
    [
        ("gcloud auth list*", {"out": ""}, "gcloud auth login"),
        (
            "gcloud auth application-default*",
            {"status": 1},
            "gcloud auth application-default login",
        ),
        ("gcloud projects describe*", {"status": 1, "err": "no such"}, "gcloud projects create"),
        (
            "gcloud projects describe*",
            {"out": {"lifecycleState": "DELETE_REQUESTED"}},
            "DELETE_REQUESTED",
        ),
        ("gcloud billing*", {"out": {"billingEnabled": False}}, "gcloud billing projects link"),
    ],
)
def test_what_stands_in_the_way_is_told_before_anything_is_done(
    team: Team, to: str, answer: dict[str, Any], hint: str
) -> None:
    """One sentence says what to do; nothing was made."""
    team.programs.answer(to, answer.pop("out", ""), **answer)
    assert team.deploy("--region", "us-central1") == 1
    assert hint in team.words
    assert does(team, "gcloud services enable", "terraform init") == []
    assert not team.folder.exists()


def test_who_may_not_see_the_billing_may_deploy(team: Team) -> None:
    """What can't be seen is not taken for missing."""
    team.programs.answer("gcloud billing*", status=1, err="denied")
    assert team.deploy("--region", "us-central1") == 0, team.words


def test_a_region_is_needed_once_and_can_not_change(team: Team) -> None:
    """The first run asks for it, later ones know it and refuse another."""
    assert team.deploy() == 1
    assert "--region" in team.words
    deployed(team)
    assert team.deploy("--region", "europe-west1") == 1
    assert "us-central1" in team.words
    assert does(team, "terraform") == ["terraform"], "its version only"


def test_settings_of_somebody_else_are_not_written_over(team: Team) -> None:
    """A clone that lacks the settings of a deployment that is there is told to get them."""
    deployed(team)
    (team.folder / "terraform.tfvars").unlink()
    assert team.deploy("--region", "us-central1") == 1
    assert "bring its terraform.tfvars" in team.words
    assert does(team, "terraform plan", "terraform apply") == []


def test_a_database_of_somebody_else_is_not_taken(team: Team) -> None:
    """One that is there but not in the state is taken over only when told so."""
    database = {"name": f"projects/{PROJECT}/databases/(default)"}
    team.programs.answer("gcloud firestore databases list*", [database])
    assert team.deploy("--region", "us-central1") == 1
    assert "--adopt-database" in team.words
    assert does(team, "terraform apply") == []
    team.programs.notes_file("adopt.tf")
    assert team.deploy("--adopt-database") == 0, team.words
    assert team.programs.noted == {
        (
            "import {\n"
            "  to = module.dormouse.google_firestore_database.this\n"
            '  id = "projects/some-project/databases/(default)"\n'
            "}\n"
        )
    }
    assert not (team.folder / "adopt.tf").exists()


def test_the_first_job_waits_until_rights_are_known_everywhere(team: Team) -> None:
    """A first job that fails is submitted again after a pause, and given up in the end."""
    (team.root / "ill").touch()
    assert team.deploy("--region", "us-central1") == 1
    assert "smoke.py" in team.words
    assert 1 < len(team.pauses) < 20
    assert len((team.root / "smoked").read_text().splitlines()) == len(team.pauses) + 1


def test_a_plan_changes_nothing(team: Team) -> None:
    """In an empty project: the steps, what Terraform would make, and not one change."""
    before = files(team.root)
    team.plans(one="create", two="create", three="update", four="no-op")
    assert team.deploy("--region", "us-central1", "--plan") == 0, team.words
    assert "2 to make, 1 to change, 0 to remove" in team.words
    assert f"make the bucket {PROJECT}-terraform" in team.words
    assert does(team, "terraform apply", "gcloud storage buckets create", "gcloud builds") == []
    assert does(team, "gcloud services", "gcloud iam") == []
    assert files(team.root) == before


def test_a_plan_of_a_deployment_reads_its_state_without_a_lock(team: Team) -> None:
    """Not even a lock is left in the bucket; a build that would follow is told."""
    deployed(team)
    (team.root / "api" / "app.py").write_text("second\n")
    assert team.deploy("--plan") == 0, team.words
    (init,) = [line for line in team.programs.lines if line.startswith("terraform init")]
    assert f"-backend-config=bucket={PROJECT}-terraform" in init
    (plan,) = [line for line in team.programs.lines if line.startswith("terraform plan")]
    assert "-lock=false" in plan
    assert "build the sources" in team.words


def files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
