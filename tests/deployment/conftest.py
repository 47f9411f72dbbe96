"""A project that gcloud and Terraform, stood in for, tell about."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deployment.deploy.command import Terminal, deploy, destroy
from local.processes import ROOT
from tests.deployment.programs import StandIns

PROJECT = "some-project"
API = "https://dormouse-api-1.us-central1.run.app"
_OUTPUTS = {
    "api_url": API,
    "registry": f"us-central1-docker.pkg.dev/{PROJECT}/dormouse",
    "build_account": f"dormouse-build@{PROJECT}.iam.gserviceaccount.com",
    "sources_bucket": f"gs://{PROJECT}-dormouse-sources",
}


@dataclass
class Team:
    """Somebody with a clone of the repository, and the two programs."""

    root: Path
    programs: StandIns
    typed: list[str] = field(default_factory=list)
    """What is answered to questions."""
    told: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.root / "infra" / "environments" / PROJECT

    @property
    def words(self) -> str:
        return "\n".join(self.told)

    def deploy(self, *more: str) -> int:
        return deploy(self._desk(), ["--project", PROJECT, *more])

    def destroy(self, *more: str) -> int:
        return destroy(self._desk(), ["--project", PROJECT, *more])

    def plans(self, **actions: str) -> None:
        """What Terraform's plan holds: actions, separated by blanks, by the resource's address."""
        changes = [
            {"address": address, "change": {"actions": words.split()}}
            for address, words in actions.items()
        ]
        self.programs.answer("terraform show -json tfplan", {"resource_changes": changes})

    def _desk(self) -> Terminal:
        return Terminal(
            root=self.root,
            environment=self.programs.environment,
            say=self.told.append,
            ask=lambda _: self.typed.pop(0),
            sleep=self.pauses.append,
        )


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[StandIns]:
    stand_ins = StandIns(tmp_path / "machine")
    stand_ins.install("gcloud")
    stand_ins.install("terraform")
    yield stand_ins
    stand_ins.check_what_was_called()


@pytest.fixture
def team(tmp_path: Path, programs: StandIns) -> Team:
    """In an empty project with billing, as its owner."""
    root = tmp_path / "clone"
    shutil.copytree(ROOT / "infra", root / "infra", ignore=shutil.ignore_patterns(".terraform"))
    (root / "api").mkdir()
    (root / "api" / "app.py").write_text("first\n")
    # What submits the first job is tested by itself; here it says for which API, as whom.
    (root / "infra" / "build" / "smoke.py").write_text(
        "import os, sys\n"
        "from pathlib import Path\n"
        "with Path('smoked').open('a') as file:\n"
        "    file.write(f'{sys.argv[1]} {os.environ[\"TOKEN\"]}\\n')\n"
        "sys.exit(Path('ill').exists())\n"
    )
    shutil.copytree(_empty_git(tmp_path), root / ".git")
    answer = programs.answer
    answer("terraform version*", {"terraform_version": "1.11.4"})
    answer("gcloud auth list*", "ada@example.com\n")
    answer("gcloud projects describe*", {"lifecycleState": "ACTIVE"})
    answer("gcloud billing projects describe*", {"billingEnabled": True})
    answer("gcloud firestore databases list*", "", status=1, err="API not enabled")
    answer("terraform show -json", {"format_version": "1.0"})
    answer("terraform show -json tfplan", {"resource_changes": []})
    for name, value in _OUTPUTS.items():
        answer(f"terraform output -raw {name}", value)
    answer("gcloud builds submit*", "build-1\n")
    for service, number in (("api", 1), ("worker", 2)):
        answer(f"*images describe */{service}:build-1*", f"sha256:{number}\n")
        answer(f"gcloud run services describe dormouse-{service}*", one_revision(service))
    answer("gcloud auth print-identity-token*", "a-token\n")
    return Team(root, programs)


def one_revision(service: str) -> dict[str, object]:
    name = f"{service}-1"
    traffic = [{"revisionName": name, "percent": 100, "latestRevision": True}]
    return {"status": {"latestReadyRevisionName": name, "traffic": traffic}}


def deployed(team: Team) -> None:
    """Bring the team to where a first deployment has ended."""
    assert team.deploy("--region", "us-central1") == 0, team.words
    names = ["firestore_database.this", "cloud_run_v2_service.api", "cloud_run_v2_service.worker"]
    resources = [{"address": f"module.dormouse.google_{name}"} for name in names]
    modules = [{"resources": resources}]
    state = {"values": {"root_module": {"child_modules": modules}}}
    team.programs.answer("terraform show -json", state)
    team.programs.answer("gcloud storage buckets list*", f"{PROJECT}-terraform\n")
    database = {"name": f"projects/{PROJECT}/databases/(default)"}
    team.programs.answer("gcloud firestore databases list*", json.dumps([database]))
    caller = f"dormouse-caller@{PROJECT}.iam.gserviceaccount.com\n"
    team.programs.answer("gcloud iam service-accounts list*", caller)
    team.programs.forget()
    team.told.clear()


def _empty_git(folder: Path) -> Path:
    """What `git init` makes, as far as listing files needs it."""
    git = folder / "git"
    (git / "objects").mkdir(parents=True)
    (git / "refs").mkdir()
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    return git
