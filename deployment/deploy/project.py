"""The project that everything is made in: what must be there, and what is made there first."""

from dataclasses import dataclass

from deployment.deploy.errors import Refused
from deployment.programs import Program, ProgramFailed

NEEDED_FIRST = (
    "cloudresourcemanager.googleapis.com",
    "serviceusage.googleapis.com",
    "storage.googleapis.com",
)
"""What Terraform can't enable, as it needs them itself."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """One Google Cloud project, by gcloud."""

    id: str
    gcloud: Program

    @property
    def state_bucket(self) -> str:
        """Holds Terraform's state."""
        return f"{self.id}-terraform"

    @property
    def caller(self) -> str:
        """The service account that the first job is submitted as."""
        return f"dormouse-caller@{self.id}.iam.gserviceaccount.com"

    def deployer(self) -> str:
        """Who deploys, as IAM names a member. Raises `Refused` if nobody is logged in."""
        account = self.gcloud.read(
            "auth", "list", "--filter=status:ACTIVE", "--format=value(account)"
        )
        if not account:
            raise Refused("gcloud acts for nobody: run `gcloud auth login`.")
        try:
            self.gcloud.read("auth", "application-default", "print-access-token")
        except ProgramFailed as failed:
            raise Refused(
                "Terraform has no credentials: run `gcloud auth application-default login`."
            ) from failed
        kind = "serviceAccount" if account.endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{account}"

    def check(self) -> None:
        """Raises `Refused` unless the project is there and, as far as one may see, paid for."""
        try:
            found = self.gcloud.read_json("projects", "describe", self.id, "--format=json")
        except ProgramFailed as failed:
            raise Refused(
                f"Project {self.id} can't be looked at: {failed.said}\n"
                f"`gcloud projects create {self.id}` makes it."
            ) from failed
        if found["lifecycleState"] != "ACTIVE":
            raise Refused(f"Project {self.id} is {found['lifecycleState']}.")
        try:
            billing = self.gcloud.read_json(
                "billing", "projects", "describe", self.id, "--format=json"
            )
        except ProgramFailed:
            # Not everybody may see who pays. If nobody does, the first bucket is refused.
            return
        if not billing.get("billingEnabled"):
            raise Refused(
                f"Project {self.id} has no billing account: `gcloud billing projects link"
                f" {self.id} --billing-account=ACCOUNT`, with one that `gcloud billing accounts"
                " list` shows."
            )

    def has_state_bucket(self) -> bool:
        found = self.gcloud.read(
            "storage",
            "buckets",
            "list",
            f"--project={self.id}",
            f"--filter=name={self.state_bucket}",
            "--format=value(name)",
        )
        return bool(found)

    def make_state_bucket(self, region: str) -> None:
        """Safe to repeat."""
        url = f"gs://{self.state_bucket}"
        if not self.has_state_bucket():
            self.gcloud.run(
                "storage",
                "buckets",
                "create",
                url,
                f"--project={self.id}",
                f"--location={region}",
                "--uniform-bucket-level-access",
                "--public-access-prevention",
            )
        self.gcloud.run("storage", "buckets", "update", url, "--versioning")

    def enable_what_terraform_needs(self) -> None:
        """Safe to repeat."""
        self.gcloud.run("services", "enable", *NEEDED_FIRST, f"--project={self.id}")

    def has_database(self, name: str) -> bool:
        """Whether a Firestore database of this name can be seen."""
        try:
            found = self.gcloud.read_json(
                "firestore", "databases", "list", f"--project={self.id}", "--format=json"
            )
        except ProgramFailed:
            # The API is not enabled yet, or it is not for this person to see: Terraform will tell.
            return False
        return any(one["name"].endswith(f"/{name}") for one in found)
