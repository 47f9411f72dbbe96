"""The folder of one deployment's settings, `infra/environments/PROJECT`, which its team keeps."""

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deployment.deploy.errors import Refused

SETTINGS = "terraform.tfvars"
IMAGES = "images.auto.tfvars.json"
ADOPTION = "adopt.tf"
DEPLOYED = "deployed.sha256"
"""The sources that were deployed last from this machine."""
_REGION = re.compile(r'^region\s*=\s*"([^"]+)"', re.MULTILINE)
_IMAGES = re.compile(r"^images\s*=", re.MULTILINE)
_DATABASE = re.compile(r'^database\s*=\s*"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Made from the example once; after that its files are the team's own."""

    folder: Path
    example: Path

    @property
    def settings(self) -> str | None:
        """What `terraform.tfvars` says, if it is there."""
        path = self.folder / SETTINGS
        return path.read_text() if path.exists() else None

    @property
    def database(self) -> str:
        found = _DATABASE.search(self.settings or "")
        return found[1] if found else "(default)"

    def region(self, wanted: str | None) -> str:
        """The one that is set, or else the one that is wanted. Raises `Refused`."""
        found = _REGION.search(self.settings or "")
        if found and wanted and found[1] != wanted:
            raise Refused(
                f"{self.folder.name} is in {found[1]}, and a deployment can't move to {wanted}:"
                f" leave --region away, or deploy to another project."
            )
        if chosen := found[1] if found else wanted:
            return chosen
        raise Refused("The first deployment needs a region: --region us-central1, for example.")

    def copy_example(self) -> None:
        """Terraform's files, where there are none yet. Safe to repeat."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not list(self.folder.glob("*.tf")):
            for path in sorted(self.example.glob("*.tf")):
                shutil.copy(path, self.folder)

    def write_settings(self, *, project: str, region: str, deployer: str, caller: str) -> None:
        """First settings: who deploys is an operator, and the caller may submit."""
        (self.folder / SETTINGS).write_text(
            f'project_id = "{project}"\n'
            f'region     = "{region}"\n'
            "\n"
            "# Who may do what: docs/settings.md.\n"
            "roles = [\n"
            f'  {{ role = "operator", members = ["{deployer}"] }},\n'
            "  # For the first job, and to try things with.\n"
            f'  {{ role = "submitter", members = ["serviceAccount:{caller}"] }},\n'
            "]\n"
            "\n"
            "# Who hears of alerts.\n"
            f"alert_emails = {json.dumps(_people(deployer))}\n"
        )

    @property
    def has_images(self) -> bool:
        return (self.folder / IMAGES).exists() or bool(_IMAGES.search(self.settings or ""))

    def write_images(self, images: dict[str, str]) -> None:
        """By digest, for each service."""
        text = json.dumps({"images": images}, indent=2)
        (self.folder / IMAGES).write_text(text + "\n")

    @contextmanager
    def adopting(self, address: str, name: str) -> Iterator[None]:
        """Within the block, Terraform takes what is there already for its own resource.

        By a block rather than `terraform import`, which can't count resources that are not made.
        """
        path = self.folder / ADOPTION
        path.write_text(f'import {{\n  to = {address}\n  id = "{name}"\n}}\n')
        try:
            yield
        finally:
            path.unlink()

    def forget_images(self) -> None:
        """They are gone, and with them what was deployed."""
        for name in (IMAGES, DEPLOYED):
            (self.folder / name).unlink(missing_ok=True)

    @property
    def deployed(self) -> str | None:
        """The digest of the sources that were deployed last from this machine."""
        path = self.folder / DEPLOYED
        return path.read_text().strip() if path.exists() else None

    def write_deployed(self, digest: str) -> None:
        (self.folder / DEPLOYED).write_text(digest + "\n")


def _people(member: str) -> list[str]:
    kind, _, email = member.partition(":")
    return [email] if kind == "user" else []
