"""Images by Cloud Build, from the sources as they lie here."""

from collections.abc import Callable
from dataclasses import dataclass

from deployment.deploy.terraform import Terraform
from deployment.programs import Program, ProgramFailed

SERVICES = ("api", "worker")
TRIES = 5
PAUSE_SECONDS = 60.0
UNSETTLED = "could not resolve source"
"""What Cloud Build says while the build account's new rights aren't known everywhere yet.

https://cloud.google.com/iam/docs/access-change-propagation
"""


@dataclass(frozen=True, kw_only=True)
class Builds:
    """`cloudbuild.yaml`, run by hand. Each method raises `ProgramFailed`."""

    gcloud: Program
    terraform: Terraform
    project: str
    say: Callable[[str], None]
    sleep: Callable[[float], None]

    def make_images(self, region: str) -> dict[str, str]:
        """Test, build, scan and push; the images by digest, for each service."""
        build = self._submit("images", region).split()[-1]
        registry = self.terraform.output("registry")
        return {
            service: f"{registry}/{service}@{self._digest(f'{registry}/{service}:{build}')}"
            for service in SERVICES
        }

    def deploy(self, region: str) -> None:
        """All of it: to new revisions, a first job, a tenth of the traffic, and the rest."""
        self._submit("deploy", region, f"_API_URL={self.terraform.output('api_url')}")

    def _submit(self, goal: str, region: str, *more: str) -> str:
        """The build's id, once it has ended well."""
        output = self.terraform.output
        substitutions = [
            f"_GOAL={goal}",
            f"_ACCOUNT={output('build_account')}",
            f"_REGION={region}",
            f"_REGISTRY={output('registry')}",
            *more,
        ]
        command = (
            "builds",
            "submit",
            f"--project={self.project}",
            "--config=cloudbuild.yaml",
            f"--gcs-source-staging-dir={output('sources_bucket')}/source",
            f"--substitutions={','.join(substitutions)}",
            "--suppress-logs",
            "--format=value(id)",
        )
        for _ in range(TRIES - 1):
            try:
                return self.gcloud.watch(*command)
            except ProgramFailed as failed:
                if UNSETTLED not in failed.said:
                    raise
            self.say("The build again, in a minute: new rights take some time.")
            self.sleep(PAUSE_SECONDS)
        return self.gcloud.watch(*command)

    def _digest(self, image: str) -> str:
        return self.gcloud.read(
            "artifacts",
            "docker",
            "images",
            "describe",
            image,
            "--format=value(image_summary.digest)",
        )
