"""Schemathesis against a system that runs, as an operator, who may do everything.

https://schemathesis.readthedocs.io/en/stable/
"""

import base64
import subprocess
import sys
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from local.client import LocalClient
from local.emulators import PROJECT
from local.ports import Ports
from local.processes import ROOT
from local.services import environment, url

OPERATOR = "operator@example.com"
DEAD_LETTERS = 40
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
EVERYTHING = ("examples", "coverage", "fuzzing", "stateful")
_METHODS = {"get", "put", "post", "delete", "patch"}


@dataclass(frozen=True)
class Attack:
    """What one run came to."""

    cases: int
    failed: int
    holds: bool


def attack(
    ports: Ports, *, examples: int, seed: int, phases: tuple[str, ...] = EVERYTHING
) -> Attack:
    """Every operation of the served document with so many made-up requests each, or about.

    Prints what Schemathesis prints. The token is good for an hour.
    """
    client = LocalClient(url(ports.api), url(ports.local))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION)]
        command += ["run", f"{url(ports.api)}/openapi.json"]
        command += ["--header", f"Authorization: Bearer {client.token(OPERATOR)}"]
        command += ["--phases", ",".join(phases), "--max-examples", str(examples)]
        command += ["--seed", str(seed), "--generation-database", "none", "--continue-on-failure"]
        command += ["--suppress-health-check", "all", "--request-timeout", "60", "--no-color"]
        command += ["--warnings", "off", "--report", "json", "--report-json-path", str(report)]
        ran = subprocess.run(  # noqa: S603 - ours
            command,
            # It leaves a folder of what failed where it runs.
            cwd=folder,
            env=environment(ports)
            | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "PYTHONPATH": str(ROOT)},
            check=False,
        )
        counted: dict[str, Any] = msgspec.json.decode(report.read_bytes())["test_cases"]
    return Attack(counted["generated"], counted["with_failures"], ran.returncode == 0)


def operations(ports: Ports) -> int:
    """How many operations the API serves."""
    with urllib.request.urlopen(f"{url(ports.api)}/openapi.json") as response:  # noqa: S310 - ours
        paths = msgspec.json.decode(response.read())["paths"]
    return sum(len(_METHODS & path.keys()) for path in paths.values())


def leave_dead_letters(ports: Ports) -> None:
    """Give the worker messages that nobody could read, so that operators have some to see."""
    client = LocalClient(url(ports.api), url(ports.local))
    path = "/dead-letters"
    account = f"pubsub-push@{PROJECT}.iam.gserviceaccount.com"
    token = client.token(account, url(ports.worker) + path)
    for number in range(DEAD_LETTERS):
        data = base64.b64encode(b"nothing that could be read").decode()
        message = {"messageId": str(10**16 + number), "data": data, "attributes": {"n": "1"}}
        asked = urllib.request.Request(  # noqa: S310 - ours
            url(ports.worker) + path,
            method="POST",
            data=msgspec.json.encode({"message": message}),
            headers={"Authorization": f"Bearer {token}"},
        )
        urllib.request.urlopen(asked).close()  # noqa: S310 - ours
