"""Each step of a build runs with the programs of its image, and no others."""

import re
from collections.abc import Iterator

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types, and safe_load gives plain data

from local.processes import ROOT

PROGRAMS = {
    # https://github.com/GoogleCloudPlatform/cloud-sdk-docker: `-stable` and the plain tag bundle a
    # Python for the SDK alone, which is not on PATH.
    "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-slim": {"gcloud", "curl", "python3"},
    "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0-emulators": {"gcloud", "apt-get"},
    "gcr.io/google.com/cloudsdktool/google-cloud-cli:528.0.0": {"gcloud"},
    "docker:28-cli": {"docker"},
    "python:3.14-slim-trixie": {"python", "python3", "apt-get"},
}
WATCHED = r"\b(gcloud|curl|python3?|apt-get|docker|terraform|git|jq|wget)\b"
LATER = {"test.sh": {"git", "python3"}}
"""What a script installs itself before it uses it."""


def steps() -> Iterator[tuple[str, str, str]]:
    for file in ("cloudbuild.yaml", "cloudbuild.pr.yaml"):
        for step in yaml.safe_load((ROOT / file).read_text())["steps"]:
            if step.get("entrypoint") == "sh":
                yield f"{file}:{step['id']}", step["name"], step["args"][0]


def used(script: str) -> set[str]:
    """The watched programs that a script and the scripts that it calls start."""
    lines = (ROOT / script).read_text().splitlines()
    code = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    code = re.sub(r"/tmp/\S+|echo .*|'[^']*'|artifacts docker", "", code)  # noqa: S108 - of the script
    found = set(re.findall(WATCHED, code))
    for other in re.findall(r"infra/build/\w+\.sh", code):
        if other != script:
            found |= used(other)
    return found - LATER.get(script.rpartition("/")[2], set())


@pytest.mark.parametrize(("step", "image", "script"), [pytest.param(*s, id=s[0]) for s in steps()])
def test_a_step_has_what_it_starts(step: str, image: str, script: str) -> None:
    """A program that its image lacks would end the build, and nothing here would notice."""
    if "terraform" in image:
        return
    assert used(script) <= PROGRAMS[image], step
