"""`./dev audit`: what each image is made of, and which known vulnerabilities that has.

Writes a bill of materials for each service (CycloneDX), then asks the Python Packaging Advisory
Database about everything that is pinned. Runs in an environment of its own, with the standard
library and the two tools only.

https://cyclonedx.org/ and https://pypi.org/project/pip-audit/
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.processes import ROOT

SERVICES = ("api", "worker")
SHOWN = 10
VULNERABLE = 1
NOT_ASKED = 3
"""The exit status when nothing is known to be vulnerable, but not everything could be asked for."""


@dataclass(frozen=True)
class Findings:
    """What the database says of one lock. `unknown` are packages that it could not be asked for."""

    vulnerable: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev audit", description=__doc__)
    parser.add_argument("--into", type=Path, default=ROOT / ".build", help="where the bills go")
    into: Path = parser.parse_args(arguments).into
    into.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        _say(f"wrote {_bill(service, into)}")
    locks = [_audit(lock) for lock in sorted((ROOT / "requirements").glob("*.txt"))]
    found = Findings(
        vulnerable=tuple(sorted({line for one in locks for line in one.vulnerable})),
        unknown=tuple(sorted({name for one in locks for name in one.unknown})),
    )
    for line in found.vulnerable:
        _say(line)
    if found.unknown:
        _say(f"NOT AUDITED, as the database could not be asked: {_some(found.unknown)}")
    return status_of(found)


def status_of(found: Findings) -> int:
    """The exit status."""
    if found.vulnerable:
        return VULNERABLE
    return NOT_ASKED if found.unknown else 0


def findings_of(report: dict[str, Any]) -> Findings:
    """What a report of pip-audit says."""
    vulnerable, unknown = [], []
    for package in report["dependencies"]:
        if "skip_reason" in package:
            unknown.append(package["name"])
        for one in package.get("vulns", ()):
            mended = ", ".join(one["fix_versions"]) or "no version"
            vulnerable.append(
                f"{package['name']} {package['version']}: {one['id']}, mended in {mended}"
            )
    return Findings(tuple(vulnerable), tuple(unknown))


def _bill(service: str, into: Path) -> Path:
    """A bill of materials, with the hashes that the lock has. The same for the same lock."""
    bill = into / f"{service}.cdx.json"
    options = ["--output-reproducible", "--output-format", "JSON", "--validate"]
    options += ["--pyproject", "pyproject.toml", "--mc-type", "application"]
    # It warns that a list of packages does not say which of them needs which.
    command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", *options]
    command += ["--output-file", str(bill), f"requirements/{service}.txt"]
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603 - ours
    return bill


def _audit(lock: Path) -> Findings:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        # Everything is in the lock, so nothing has to be resolved or installed.
        options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off"]
        options += ["--format", "json", "--output", str(report)]
        command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(lock)]
        ran = subprocess.run(  # noqa: S603 - ours
            command, cwd=ROOT, check=False, capture_output=True, text=True
        )
        if report.exists():
            return findings_of(json.loads(report.read_text()))
    _say(ran.stderr.strip().rpartition("\n")[2])
    return Findings(unknown=(f"everything in {lock.name}",))


def _some(names: Sequence[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - it is a command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
