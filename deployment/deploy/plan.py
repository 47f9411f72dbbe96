"""`./dev deploy --plan`: what a deployment would do, without doing any of it."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployment.deploy.environment import SETTINGS, Environment
from deployment.deploy.project import Project
from deployment.deploy.terraform import Terraform

_LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'


@dataclass(frozen=True, kw_only=True)
class LookAhead:
    """Changes nothing, in the project or in this folder: Terraform runs in a copy."""

    project: Project
    environment: Environment
    terraform: Terraform
    sources: Callable[[], str]
    say: Callable[[str], None]

    def run(self, region: str | None) -> None:
        """Raises `Refused`, `ProgramFailed`."""
        deployer = self.project.deployer()
        self.project.check()
        region = self.environment.region(region)
        has_state = self.project.has_state_bucket()
        for step in self._steps(has_state=has_state):
            self.say(f"- {step}")
        with self._copy(region, deployer, has_state=has_state) as folder:
            terraform = self.terraform.inside(folder)
            if not self.environment.has_images:
                terraform = terraform.without_images()
            if has_state:
                terraform.init(self.project.state_bucket)
            else:
                terraform.init_without_state()
            self.say(f"Terraform: {terraform.plan('-lock=false')}. Nothing was done.")

    def _steps(self, *, has_state: bool) -> Iterator[str]:
        if not has_state:
            yield f"make the bucket {self.project.state_bucket} for Terraform's state"
        if self.environment.settings is None:
            yield f"write {self.environment.folder / SETTINGS}"
        if not self.environment.has_images:
            yield "make what a build needs, and build the first images (half an hour)"
        yield "do what Terraform plans below"
        if self.environment.has_images and self.sources() != self.environment.deployed:
            yield "build the sources as they are here, and roll them out (half an hour)"
        yield f"submit a job as {self.project.caller}, and wait for its result"

    @contextmanager
    def _copy(self, region: str, deployer: str, *, has_state: bool) -> Iterator[Path]:
        infra = self.environment.folder.parent.parent
        with tempfile.TemporaryDirectory() as temporary:
            there = Path(temporary) / infra.name
            shutil.copytree(infra, there, ignore=shutil.ignore_patterns(".terraform", "tfplan"))
            copied = Environment(
                folder=there / "environments" / self.environment.folder.name,
                example=there / "environments" / self.environment.example.name,
            )
            copied.copy_example()
            if copied.settings is None:
                copied.write_settings(
                    project=self.project.id,
                    region=region,
                    deployer=deployer,
                    caller=self.project.caller,
                )
            if not has_state:
                (copied.folder / "zz_override.tf").write_text(_LOCAL_STATE)
            yield copied.folder
