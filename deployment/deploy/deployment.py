"""`./dev deploy`: from a project and a region to a URL and a curl that works."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from deployment.deploy.builds import Builds
from deployment.deploy.environment import SETTINGS, Environment
from deployment.deploy.errors import Refused
from deployment.deploy.first_job import FirstJob
from deployment.deploy.project import Project
from deployment.deploy.terraform import DATABASE, READY_TO_BUILD, Terraform
from deployment.deploy.traffic import Traffic
from deployment.programs import ProgramFailed

TRIES = 3
PAUSE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class DeployOptions:
    """What was asked for on the command line."""

    region: str | None = None
    build: bool = False
    """Whether to build although the sources are those that were deployed last."""
    allow_removal: bool = False
    adopt_database: bool = False


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One project's. Safe to repeat at any time, also after it has stopped half-way."""

    project: Project
    environment: Environment
    terraform: Terraform
    builds: Builds
    traffic: Traffic
    first_job: FirstJob
    sources: Callable[[], str]
    """The digest of the sources."""
    say: Callable[[str], None]
    sleep: Callable[[float], None]

    def run(self, wish: DeployOptions) -> None:
        """Raises `Refused` where something stands in the way, `ProgramFailed`."""
        deployer = self.project.deployer()
        self.project.check()
        region = self.environment.region(wish.region)
        self.say(f"{self.project.id}, {region}: a place for Terraform's state")
        self.project.enable_what_terraform_needs()
        self.project.make_state_bucket(region)
        self.environment.copy_example()
        self.terraform.init(self.project.state_bucket)
        known = self.terraform.state()
        self._settle(region, deployer, known)
        adopted = self._database_to_adopt(known, adopt=wish.adopt_database)
        digest = self.sources()
        fresh = self._first_images(region, digest)
        with self.environment.adopting(DATABASE, adopted) if adopted else nullcontext():
            self._apply(allow_removal=wish.allow_removal)
        api_url = self.terraform.output("api_url")
        if not fresh and (wish.build or digest != self.environment.deployed):
            self.say("the sources have changed: a build that deploys them")
            self.builds.deploy(region)
            self.environment.write_deployed(digest)
        else:
            for trouble in self.traffic.send_to_settings(region):
                self.say(trouble)
        self._finish(deployer, api_url)

    def _settle(self, region: str, deployer: str, known: list[str]) -> None:
        """Write first settings; but never over those that somebody else has."""
        if self.environment.settings is not None:
            return
        folder = self.environment.folder
        if known:
            raise Refused(
                f"{self.project.id} was deployed with settings that are not here: bring its"
                f" {SETTINGS} into {folder}. A team keeps that folder in its repository."
            )
        self.environment.write_settings(
            project=self.project.id,
            region=region,
            deployer=deployer,
            caller=self.project.caller,
        )
        self.say(f"wrote {folder / SETTINGS}: yours to change, and to commit")

    def _database_to_adopt(self, known: list[str], *, adopt: bool) -> str | None:
        name = self.environment.database
        if DATABASE in known or not self.project.has_database(name):
            return None
        if not adopt:
            raise Refused(
                f"{self.project.id} has a database {name} that Terraform does not know. If"
                " `./dev destroy` left it, `./dev deploy --adopt-database` takes it back, with"
                f' its jobs. If it is somebody else\'s, put `database = "another"` into {SETTINGS}.'
            )
        return f"projects/{self.project.id}/databases/{name}"

    def _first_images(self, region: str, digest: str) -> bool:
        """Whether the images were made just now: a service can't be without one."""
        if self.environment.has_images:
            return False
        self.say("the first images: what a build needs, then the build, with all its tests")
        self.terraform.without_images().apply_only([READY_TO_BUILD])
        self.environment.write_images(self.builds.make_images(region))
        self.environment.write_deployed(digest)
        return True

    def _apply(self, *, allow_removal: bool) -> None:
        changes = self.terraform.plan()
        self.say(f"Terraform: {changes}")
        if changes.removed and not allow_removal:
            listed = "\n".join(f"  {address}" for address in changes.removed)
            raise Refused(
                f"This would remove, or make anew:\n{listed}\n"
                "If that is meant, `./dev deploy --allow-removal` does it."
            )
        self._apply_plan()

    def _apply_plan(self) -> None:
        """What was made a moment ago may not be known everywhere yet: apply again after a pause."""
        for left in reversed(range(TRIES)):
            try:
                self.terraform.apply_plan()
            except ProgramFailed:
                if not left:
                    raise
                self.say("Once more, in a minute: new accounts and APIs take some time.")
                self.sleep(PAUSE_SECONDS)
                self.terraform.plan()
            else:
                return

    def _finish(self, deployer: str, api_url: str) -> None:
        self.say("a first job, all the way through")
        self.first_job.prepare(deployer)
        self.first_job.run(api_url)
        self.say(f"\n{api_url} works. Its reference is at {api_url}/docs. Submit a job:\n")
        self.say(self.first_job.curl(api_url))
