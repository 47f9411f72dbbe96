"""Sends the traffic to a revision that changed settings have made.

Once a build has deployed, traffic is pinned to a revision by name, and Terraform leaves it there
(decision 15). So a new setting is in a revision that nobody reaches.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployment.programs import Program

ORDER = ("worker", "api")
"""A worker must know every job type that the API takes."""


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Each method raises `ProgramFailed`."""

    gcloud: Program
    project: str
    name: str = "dormouse"

    def send_to_settings(self, region: str) -> list[str]:
        """Returns a sentence for each service that could not be sent to its newest revision."""
        services = [f"{self.name}-{service}" for service in ORDER]
        return [trouble for service in services if (trouble := self._send(service, region))]

    def _send(self, service: str, region: str) -> str | None:
        where = (f"--project={self.project}", f"--region={region}")
        found = self._of("services", "describe", service, *where)
        before, newest = serving(found["status"]), found["status"]["latestReadyRevisionName"]
        if before == [newest]:
            return None
        if len(before) != 1:
            return (
                f"{service} shares its traffic among {', '.join(before)}: a rollout is under way."
            )
        if self._image(before[0], where) != self._image(newest, where):
            return (
                f"{service}'s newest revision, {newest}, has another image than {before[0]}, which"
                " serves: no build has sent traffic there, so it is left alone. A build that ends"
                " well takes the settings along: `./dev deploy --build`."
            )
        self.gcloud.run(
            "run", "services", "update-traffic", service, *where, "--to-latest", "--quiet"
        )
        return None

    def _image(self, revision: str, where: tuple[str, str]) -> str:
        found = self._of("revisions", "describe", revision, *where)
        return str(found["spec"]["containers"][0]["image"])

    def _of(self, *words: str) -> Any:
        return self.gcloud.read_json("run", *words, "--format=json")


def serving(status: Mapping[str, Any]) -> list[str]:
    """The revisions that get a share of the traffic."""
    return [one["revisionName"] for one in status["traffic"] if one.get("percent")]
