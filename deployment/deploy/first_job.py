"""Somebody who may call the API, a job that shows that it works, and a curl to go on with."""

from collections.abc import Callable
from dataclasses import dataclass

from deployment.deploy.project import Project
from deployment.programs import Program, ProgramFailed

TRIES = 12
PAUSE_SECONDS = 15.0
"""A new right is known everywhere within some minutes.

https://cloud.google.com/iam/docs/access-change-propagation
"""
SMOKE = "infra/build/smoke.py"


@dataclass(frozen=True, kw_only=True)
class FirstJob:
    """Submits as the caller's account, which the deployer may act as."""

    project: Project
    python: Program
    sleep: Callable[[float], None]

    def prepare(self, deployer: str) -> None:
        """Make the account, and let the deployer have tokens of it. Safe to repeat.

        Raises `ProgramFailed`.
        """
        gcloud, project = self.project.gcloud, f"--project={self.project.id}"
        caller = self.project.caller
        found = gcloud.read(
            "iam",
            "service-accounts",
            "list",
            project,
            f"--filter=email={caller}",
            "--format=value(email)",
        )
        if not found:
            gcloud.run("iam", "service-accounts", "create", caller.partition("@")[0], project)
        for left in reversed(range(TRIES)):
            try:
                gcloud.run(
                    "iam",
                    "service-accounts",
                    "add-iam-policy-binding",
                    caller,
                    project,
                    f"--member={deployer}",
                    "--role=roles/iam.serviceAccountTokenCreator",
                    "--format=none",
                )
            except ProgramFailed:
                # An account that was made a moment ago is not known everywhere yet.
                if not left or found:
                    raise
                self.sleep(PAUSE_SECONDS)
            else:
                return

    def run(self, api_url: str) -> None:
        """Raises `ProgramFailed` if no job has got to its result in some minutes."""
        for left in reversed(range(TRIES)):
            try:
                self.python.run(SMOKE, api_url, TOKEN=self._token(api_url))
            except ProgramFailed:
                if not left:
                    raise
                self.sleep(PAUSE_SECONDS)
            else:
                return

    def token_command(self, api_url: str) -> str:
        """What prints a token for an hour."""
        return (
            "gcloud auth print-identity-token --include-email"
            f" --audiences={api_url} --impersonate-service-account={self.project.caller}"
        )

    def curl(self, api_url: str) -> str:
        """Submits a job; to be pasted into a shell."""
        body = '{"type": "table.profile", "payload": {"text": "city,people\\nBern,134591\\n"}}'
        return (
            f"curl -sS {api_url}/v1/jobs -H 'Content-Type: application/json' \\\n"
            f'  -H "Authorization: Bearer $({self.token_command(api_url)})" \\\n'
            f"  -d '{body}'"
        )

    def _token(self, api_url: str) -> str:
        return self.project.gcloud.read(*self.token_command(api_url).split()[1:])
