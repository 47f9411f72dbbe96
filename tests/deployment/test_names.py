"""Names and numbers that `deployment/` shares with Terraform and the build."""

import re

import hcl2
import pytest

from deployment.deploy import terraform as addresses
from deployment.deploy.environment import Environment
from deployment.doctor.checks.dead_letters import FEWEST_ATTEMPTS
from local.processes import ROOT
from tests.deployment.conftest import Team, deployed
from tests.infra.terraform import INFRA, Terraform, the_module

EXAMPLE = INFRA / "environments" / "example"


@pytest.fixture(scope="module")
def terraform() -> Terraform:
    return the_module()


def text(name: str) -> str:
    return (EXAMPLE / name).read_text()


def test_every_address_is_of_a_resource(terraform: Terraform) -> None:
    """What is applied alone, kept, or taken over is in the module, under the example's name."""
    named = [addresses.DATABASE, addresses.READY_TO_BUILD, *addresses.SERVICES]
    for address in named:
        kind, name = address.removeprefix(addresses.MODULE).split(".")
        assert (kind, name) in terraform.resources, address
    assert f'module "{addresses.MODULE.split(".")[1]}"' in text("main.tf")


def test_every_output_that_is_asked_for_is_there(team: Team) -> None:
    """Each `terraform output` of a deployment names an output of the example."""
    deployed(team)
    (team.root / "api" / "app.py").write_text("second\n")
    assert team.deploy() == 0
    asked = {call[-1] for call in team.programs.calls if call[1:3] == ["output", "-raw"]}
    assert {"api_url", "registry", "build_account", "sources_bucket"} <= asked
    assert asked <= set(re.findall(r'output "(\w+)"', text("outputs.tf")))


def test_every_variable_that_is_set_is_there(team: Team) -> None:
    """What the first settings and the command lines set, the example takes."""
    deployed(team)
    settings = Environment(folder=team.folder, example=EXAMPLE).settings or ""
    written = set(re.findall(r"^(\w+)\s*=", settings, re.MULTILINE))
    assert written == {"project_id", "region", "roles", "alert_emails"}
    known = set(re.findall(r'variable "(\w+)"', text("variables.tf")))
    assert written | {"images", "protect", "database"} <= known


def test_the_first_settings_are_read_as_they_are_meant(team: Team) -> None:
    """By a reader of Terraform's language."""
    deployed(team)
    read = hcl2.loads((team.folder / "terraform.tfvars").read_text())
    assert [role["role"].strip('"') for role in read["roles"]] == ["operator", "submitter"]


def test_a_build_is_told_only_what_it_knows(team: Team) -> None:
    """Cloud Build refuses a substitution that its file does not use."""
    deployed(team)
    assert team.deploy("--build") == 0
    (build,) = [line for line in team.programs.lines if "builds submit" in line]
    told = set(re.findall(r"(_[A-Z_]+)=", build))
    known = re.findall(r"^  (_[A-Z_]+):", (ROOT / "cloudbuild.yaml").read_text(), re.MULTILINE)
    assert "_API_URL" in told
    assert told <= set(known)


def test_the_doctor_wants_as_many_deliveries_as_terraform_sets(terraform: Terraform) -> None:
    """Neither finds fault with the other."""
    assert terraform.locals["delivery_attempts"] == FEWEST_ATTEMPTS
