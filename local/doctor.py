"""`./dev doctor`: this machine, a running `./dev up`, or, with a project, its deployment."""

import argparse
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from deployment.doctor.checks.clock import skew_of
from deployment.doctor.deployment import examine_project
from deployment.doctor.findings import Finding, Severity
from deployment.doctor.report import Report
from deployment.doctor.snapshot import Health
from local.client import LocalClient
from local.console import Console
from local.emulators import find_emulators
from local.port_flags import add_ports, ports_of
from local.ports import Ports, complaint
from local.processes import ROOT
from local.sdk import EmulatorsMissing
from local.services import url

OPERATOR = "operator@example.com"
OVERDUE = timedelta(minutes=3)
"""A sweep comes every minute; a job that waits longer than this was not dispatched."""
AT_REST = "the emulators and the ports; `./dev up` is not running here"
RUNNING = "the emulators, the three services, their clocks, dead letters, and jobs that are late"
_SECONDS = 10.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


def doctor(console: Console, arguments: Sequence[str]) -> int:
    """Returns the exit status: 1 if something is wrong."""
    parser = argparse.ArgumentParser(prog="./dev doctor", allow_abbrev=False)
    parser.description = "Say what is wrong, and how to mend it. Changes nothing."
    parser.add_argument("--project", help="whose deployment to examine; without it, this machine")
    parser.add_argument("--name", default="dormouse", help="what its resources' names begin with")
    parser.add_argument("--json", action="store_true", help="for machines")
    add_ports(parser)
    chosen = parser.parse_args(arguments)
    if chosen.project:
        report = examine_project(
            chosen.project, name=chosen.name, root=ROOT, environment=os.environ
        )
    else:
        ports = ports_of(chosen)
        report = Report(
            examined="this machine",
            looked_at=RUNNING if _health(ports, _utc_now) else AT_REST,
            findings=list(examine_machine(ports)),
        )
    console.line(report.json() if chosen.json else report.text())
    return report.status


def examine_machine(ports: Ports, now: Callable[[], datetime] = _utc_now) -> Iterator[Finding]:
    """What keeps `./dev up` from running as it should, or what is wrong with one that runs."""
    try:
        find_emulators()
    except EmulatorsMissing as missing:
        yield Finding(
            id="emulators-missing",
            severity=Severity.WARNING,
            what="`./dev up` runs everything in one process, on a store in memory.",
            mend=f"{missing} Or start Docker.",
        )
    health = _health(ports, now)
    if health is not None:
        yield from _examine_system(ports, health, now())
    elif wrong := complaint(ports, ("api", "worker", "local")):
        yield Finding(id="port-taken", what="`./dev up` would not start.", mend=wrong)


def _examine_system(ports: Ports, health: Health, now: datetime) -> Iterator[Finding]:
    yield from skew_of(health)
    if health.status != "ok":
        yield Finding(
            id="api-unhealthy",
            what=f"The API says that it is {health.status}.",
            mend=f"{url(ports.api)}/v1/health says which dependency does not answer; end `./dev up`"
            " and start it anew.",
        )
    for service in ("worker", "local"):
        try:
            _ask(f"{url(getattr(ports, service))}/livez")
        except OSError as error:
            yield Finding(
                id="service-silent",
                what=f"The {service} service does not answer: {error}",
                mend="End `./dev up`, and start it anew; its log says why.",
            )
            return
    try:
        token = LocalClient(url(ports.api), url(ports.local)).token(OPERATOR)
        yield from _examine_jobs(ports, token, now)
    except OSError as error:
        yield Finding(
            id="operator-refused",
            severity=Severity.WARNING,
            what=f"The API does not let {OPERATOR} look: {error}",
            mend="Leave DORMOUSE_ROLES unset, or make it an operator: docs/settings.md.",
        )


def _examine_jobs(ports: Ports, token: str, now: datetime) -> Iterator[Finding]:
    _, dead_letters = _ask(f"{url(ports.api)}/v1/dead-letters", token)
    if dead_letters["dead_letters"]:
        yield Finding(
            id="dead-letters-waiting",
            severity=Severity.WARNING,
            what=f"{len(dead_letters['dead_letters'])} or more dead letters need an operator.",
            mend="docs/runbook.md, section `dead-letters`.",
        )
    _, queued = _ask(f"{url(ports.api)}/v1/jobs?status=queued&page_size=100", token)
    jobs = queued["jobs"]
    late = [job for job in jobs if datetime.fromisoformat(job["run_at"]) < now - OVERDUE]
    if late:
        yield Finding(
            id="sweep-late",
            what=f"{len(late)} jobs are minutes late: the sweep does not come.",
            mend="Look for `sweep` in the log of `./dev up`; start it anew.",
        )


def _health(ports: Ports, now: Callable[[], datetime]) -> Health | None:
    """None if no API of ours answers."""
    try:
        date, answer = _ask(f"{url(ports.api)}/v1/health")
        return Health(status=answer["status"], skew=now() - date)
    except (OSError, LookupError, TypeError, ValueError):
        return None


def _ask(address: str, token: str | None = None) -> tuple[datetime, Any]:
    """When it was answered, and what. Raises `OSError`."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    asked = urllib.request.Request(address, headers=headers)  # noqa: S310 - ours
    try:
        answer = urllib.request.urlopen(asked, timeout=_SECONDS)  # noqa: S310 - ours
    except urllib.error.HTTPError as error:
        # A health that is not well comes with 503.
        if token:
            raise
        answer = error
    with answer:
        text = answer.read()
        date = parsedate_to_datetime(answer.headers["Date"])
        is_json = "json" in answer.headers.get("Content-Type", "")
        return date, json.loads(text) if is_json else text
