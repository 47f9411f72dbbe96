"""The build: its settings, and how it shifts traffic, with gcloud and curl stood in for."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local.processes import ROOT
from tests.infra.terraform import Terraform

SCRIPTS = ROOT / "infra" / "build"

# Notes each call. Serves what the test says of the traffic and the logs; fails where it is told to.
GCLOUD = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in
    *"services describe"*)
        echo '{"status": {"traffic": [
            {"revisionName": "before", "percent": 100}, {"revisionName": "new", "tag": "candidate"}
        ]}}'
        ;;
    *"logging read"*) echo "$LOGS" ;;
esac
case "$*" in *"$FAILS_AT"*) exit 1 ;; esac
"""
CURL = """#!/bin/sh
cat >/dev/null
echo '{"token": "a-token"}'
"""
# The smoke test itself is tested elsewhere.
PYTHON = """#!/bin/sh
case "$1" in *smoke.py) echo "smoke $*" >>"$CALLS"; exit "$SMOKE" ;; esac
exec "{python}" "$@"
"""
WELL = (
    '[{"httpRequest": {"status": 204, "latency": "0.1s"},'
    ' "jsonPayload": {"event": "job.succeeded"}}]'
)
TENTH = ["dormouse-worker --to-tags=candidate=10", "dormouse-api --to-tags=candidate=10"]
BACK = [
    "dormouse-api --to-revisions=before=100 --remove-tags=candidate",
    "dormouse-worker --to-revisions=before=100 --remove-tags=candidate",
]

BASE_PROGRAMS = ("cat", "date", "env", "grep", "mkdir", "sed", "sh", "sleep", "sort")
"""Of every Debian or Alpine image."""


class Rollout:
    """Runs `rollout.sh` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._calls = folder / "calls"
        shutil.copytree(SCRIPTS, folder / "infra" / "build")
        for name, text in (
            ("gcloud", GCLOUD),
            ("curl", CURL),
            ("python3", PYTHON.format(python=sys.executable)),
        ):
            program = folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(text)
            program.chmod(0o755)
        for name in BASE_PROGRAMS:
            (folder / "bin" / name).symlink_to(str(shutil.which(name)))
        (folder / ".build").mkdir()
        (folder / ".build" / "api.revision").write_text("new-api\n")
        (folder / ".build" / "worker.revision").write_text("new-worker\n")

    def run(
        self, *, goal: str = "deploy", logs: str = WELL, smoke: int = 0, fails_at: str = "nothing"
    ) -> int:
        environment = {
            # With exactly what the step's image has.
            "PATH": str(self._folder / "bin"),
            "CALLS": str(self._calls),
            "LOGS": logs,
            "SMOKE": str(smoke),
            "FAILS_AT": fails_at,
            "GOAL": goal,
            "NAME": "dormouse",
            "PROJECT": "p",
            "REGION": "r",
            "ACCOUNT": "build@example.com",
            "API_URL": "https://api.example.com",
            "LOOK_SECONDS": "0",
        }
        command = ["sh", "infra/build/rollout.sh"]
        return subprocess.run(  # noqa: S603 - the script under test
            command, cwd=self._folder, env=environment, check=False, capture_output=True
        ).returncode

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().splitlines() if self._calls.exists() else []

    @property
    def shifts(self) -> list[str]:
        """What was done to the traffic, in its order."""
        return [
            re.sub(r" --(project|region)=\S+| --quiet", "", call).partition("update-traffic ")[2]
            for call in self.calls
            if "update-traffic" in call
        ]


@pytest.fixture
def rollout(tmp_path: Path) -> Rollout:
    return Rollout(tmp_path)


def test_all_traffic_goes_to_what_does_well(rollout: Rollout) -> None:
    """A tenth first, then all of it, the worker before the API."""
    assert rollout.run() == 0
    assert rollout.shifts == [
        *TENTH,
        "dormouse-worker --to-revisions=new-worker=100",
        "dormouse-api --to-revisions=new-api=100",
        "dormouse-worker --remove-tags=candidate",
        "dormouse-api --remove-tags=candidate",
    ]


def test_the_new_worker_must_have_run_a_job(rollout: Rollout) -> None:
    """Jobs go in by the new API's own URL until the new worker has done one."""
    rollout.run()
    (smoke,) = [call for call in rollout.calls if call.startswith("smoke")]
    assert "https://candidate---api.example.com --until-worker new-worker" in smoke


@pytest.mark.parametrize(
    "trouble",
    [
        {"smoke": 1},
        {"logs": "[]"},
        {"logs": WELL.replace("204", "500")},
        {"fails_at": "dormouse-api --project=p --region=r --quiet --to-tags"},
    ],
)
def test_all_traffic_goes_back_from_what_does_not(
    rollout: Rollout, trouble: dict[str, object]
) -> None:
    """Whatever fails, those that served before serve again, and the build fails."""
    assert rollout.run(**trouble) != 0  # type: ignore[arg-type]
    assert rollout.shifts == [*TENTH, *BACK]


def test_traffic_goes_back_even_from_all_of_it(rollout: Rollout) -> None:
    """If the API can't follow the worker, both go back."""
    assert rollout.run(fails_at="--to-revisions=new-api=100") != 0
    assert rollout.shifts[-2:] == BACK


def test_the_worker_goes_back_though_the_api_can_not(rollout: Rollout) -> None:
    """One trouble does not keep the other service from what served before."""
    api_back = "dormouse-api --project=p --region=r --quiet --to-revisions=before"
    assert rollout.run(smoke=1, fails_at=api_back) != 0
    assert rollout.shifts == [*TENTH, *BACK]


@pytest.mark.parametrize("goal", ["test", "images", "clean"])
def test_nothing_is_deployed_by_another_goal(rollout: Rollout, goal: str) -> None:
    """The step ends well without a call."""
    assert rollout.run(goal=goal) == 0
    assert rollout.calls == []


def substitutions(config: str) -> set[str]:
    text = (ROOT / config).read_text()
    return set(re.findall(r"^  (_[A-Z_]+):", text, flags=re.MULTILINE))


def test_a_trigger_sets_what_the_build_knows(terraform: Terraform) -> None:
    """Cloud Build refuses a substitution that its file does not use."""
    given = {*terraform.locals["build_substitutions"], "_GOAL"}
    assert given <= substitutions("cloudbuild.yaml")


@pytest.mark.parametrize("config", ["cloudbuild.yaml", "cloudbuild.pr.yaml"])
def test_a_script_finds_what_it_asks_for(config: str) -> None:
    """Every variable of a script that a build runs is in the build's environment."""
    text = (ROOT / config).read_text()
    given = set(re.findall(r"^    - ([A-Z_]+)=", text, flags=re.MULTILINE))
    scripts = set(re.findall(r"infra/build/(\w+\.sh)", text))
    assert scripts
    for script in scripts:
        asked = set(re.findall(r"\$\{?([A-Z][A-Z_]+)", (SCRIPTS / script).read_text()))
        assert asked - {"TOKEN"} <= given, script


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.sh")), ids=lambda path: path.name)
def test_a_script_can_be_run(script: Path) -> None:
    """Git keeps it executable, and a plain shell can read it."""
    assert os.access(script, os.X_OK)
    subprocess.run(["sh", "-n", script], check=True)  # noqa: S603, S607 - whatever shell is here
