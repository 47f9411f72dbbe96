"""`./dev destroy`: takes a deployment away; its jobs only if that is said too."""

from collections.abc import Callable
from dataclasses import dataclass

from deployment.deploy.environment import Environment
from deployment.deploy.errors import Refused
from deployment.deploy.project import Project
from deployment.deploy.terraform import DATABASE, SERVICES, Terraform

UNPROTECTED = "-var=protect=false"


@dataclass(frozen=True, kw_only=True)
class Destruction:
    """Asks twice, each time for words that nobody types by mistake. Safe to repeat."""

    project: Project
    environment: Environment
    terraform: Terraform
    ask: Callable[[str], str]
    say: Callable[[str], None]

    def run(self, *, with_data: bool) -> None:
        """Raises `Refused` unless both answers are right, `ProgramFailed`."""
        if self.environment.settings is None:
            raise Refused(f"There is nothing to go by: {self.environment.folder} has no settings.")
        self.project.deployer()
        self.project.check()
        self._ask(
            f"This takes Dormouse out of {self.project.id}: services, queue, images, alerts.",
            self.project.id,
        )
        database = self.environment.database
        if with_data:
            self._ask(
                f"It also DELETES the database {database}, every job and every result in it."
                " Backups go with their retention.",
                "delete all jobs",
            )
        else:
            self._ask(f"The database {database} stays, with every job in it.", "keep the jobs")
        self._remove(with_data=with_data)
        self.say(
            f"\nGone. What is left: the bucket {self.project.state_bucket} with earlier states, the"
            " APIs, which stay enabled, and your settings."
        )
        if not with_data:
            self.say(
                f"And the database {database}: `./dev deploy --adopt-database` goes on with it."
            )

    def _ask(self, what: str, right: str) -> None:
        if self.ask(f"{what}\nType `{right}` to go on: ").strip() != right:
            raise Refused("Nothing was done.")

    def _remove(self, *, with_data: bool) -> None:
        terraform = self.terraform.without_images()
        terraform.init(self.project.state_bucket)
        known = terraform.state()
        if DATABASE in known and not with_data:
            terraform.forget(DATABASE)
        # What is protected refuses to go, so the protection goes first.
        guarded = [DATABASE, *SERVICES] if with_data else SERVICES
        if targets := [address for address in guarded if address in known]:
            terraform.apply_only(targets, UNPROTECTED)
        terraform.destroy(UNPROTECTED)
        self._remove_caller()
        self.environment.forget_images()

    def _remove_caller(self) -> None:
        gcloud, project = self.project.gcloud, f"--project={self.project.id}"
        found = gcloud.read(
            "iam",
            "service-accounts",
            "list",
            project,
            f"--filter=email={self.project.caller}",
            "--format=value(email)",
        )
        if found:
            gcloud.run("iam", "service-accounts", "delete", self.project.caller, project, "--quiet")
