"""The command lines of `./dev deploy` and `./dev destroy`; their parts are put together here."""

import argparse
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deployment.deploy.builds import Builds
from deployment.deploy.deployment import Deployment, DeployOptions
from deployment.deploy.destroy import Destruction
from deployment.deploy.environment import Environment
from deployment.deploy.errors import Refused
from deployment.deploy.first_job import FirstJob
from deployment.deploy.plan import LookAhead
from deployment.deploy.project import Project
from deployment.deploy.sources import digest
from deployment.deploy.terraform import Terraform
from deployment.deploy.traffic import Traffic
from deployment.programs import Program, ProgramFailed, ProgramMissing, find_gcloud, find_terraform

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")


@dataclass(frozen=True, kw_only=True)
class Terminal:
    """Where the command was typed: this repository, its environment, a person."""

    root: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    ask: Callable[[str], str] = input
    sleep: Callable[[float], None] = time.sleep


def deploy(desk: Terminal, arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="./dev deploy", allow_abbrev=False)
    parser.description = "Make a deployment, or bring it up to date. Safe to repeat."
    parser.add_argument("--project", required=True, type=_project, help="which must have billing")
    parser.add_argument("--region", help="for the first deployment: us-central1, for example")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--build", action="store_true", help="build even if no source has changed")
    parser.add_argument(
        "--allow-removal", action="store_true", help="even if Terraform would remove something"
    )
    parser.add_argument(
        "--adopt-database", action="store_true", help="go on with what ./dev destroy has left"
    )
    chosen = parser.parse_args(arguments)
    return _told(desk, lambda: _deploy(desk, chosen))


def destroy(desk: Terminal, arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="./dev destroy", allow_abbrev=False)
    parser.description = "Take a deployment away. Asks twice; keeps the jobs unless told otherwise."
    parser.add_argument("--project", required=True, type=_project)
    parser.add_argument(
        "--with-data", action="store_true", help="delete the database, with every job, too"
    )
    chosen = parser.parse_args(arguments)
    return _told(desk, lambda: _destroy(desk, chosen))


def _deploy(desk: Terminal, chosen: argparse.Namespace) -> None:
    project, environment, terraform = _parts(desk, chosen.project)
    if chosen.plan:
        look = LookAhead(
            project=project,
            environment=environment,
            terraform=terraform,
            sources=lambda: digest(desk.root),
            say=desk.say,
        )
        look.run(chosen.region)
        return
    python = Program(path=sys.executable, environment=desk.environment, folder=desk.root)
    deployment = Deployment(
        project=project,
        environment=environment,
        terraform=terraform,
        builds=Builds(
            gcloud=project.gcloud,
            terraform=terraform,
            project=project.id,
            say=desk.say,
            sleep=desk.sleep,
        ),
        traffic=Traffic(gcloud=project.gcloud, project=project.id),
        first_job=FirstJob(project=project, python=python, sleep=desk.sleep),
        sources=lambda: digest(desk.root),
        say=desk.say,
        sleep=desk.sleep,
    )
    deployment.run(
        DeployOptions(
            region=chosen.region,
            build=chosen.build,
            allow_removal=chosen.allow_removal,
            adopt_database=chosen.adopt_database,
        )
    )


def _destroy(desk: Terminal, chosen: argparse.Namespace) -> None:
    project, environment, terraform = _parts(desk, chosen.project)
    destruction = Destruction(
        project=project,
        environment=environment,
        terraform=terraform,
        ask=desk.ask,
        say=desk.say,
    )
    destruction.run(with_data=chosen.with_data)


def _parts(desk: Terminal, project: str) -> tuple[Project, Environment, Terraform]:
    gcloud = find_gcloud(desk.environment, desk.root)
    environments = desk.root / "infra" / "environments"
    environment = Environment(folder=environments / project, example=environments / "example")
    terraform = Terraform(program=find_terraform(desk.environment, environment.folder, desk.root))
    return Project(id=project, gcloud=gcloud), environment, terraform


def _told(desk: Terminal, act: Callable[[], None]) -> int:
    try:
        act()
    except (Refused, ProgramMissing, ProgramFailed) as problem:
        desk.say(str(problem))
        return 1
    return 0


def _project(text: str) -> str:
    # https://cloud.google.com/resource-manager/docs/creating-managing-projects
    if not _PROJECT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text} is not the id of a project")
    return text
