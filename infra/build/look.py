# ruff: noqa: INP001, T201 - a script of the build
"""How do the new revisions do, by their logs? Exits with 1 and says why if not well.

The logs are there within seconds, metrics within minutes.
"""

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

ERRORS = 0.02
"""The share of a revision's answers that may be server errors."""
SECONDS = 2.0
"""What nineteen of twenty answers of the API may take at most."""
ENOUGH = 20
"""Fewer answers than this say nothing about how long the twentieth takes."""
FAILURES = 0.2
"""By how much the new worker's share of failed attempts may be above the others'."""

_ENDS = ("job.succeeded", "job.failed", "job.retrying")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One request, as Cloud Run logged it."""

    status: int
    seconds: float
    waited: bool
    """Whether the caller asked the API to wait for a job."""

    @classmethod
    def of(cls, entry: dict[str, Any]) -> "Answer":
        request = entry["httpRequest"]
        return cls(
            status=int(request.get("status", 0)),
            seconds=float(request.get("latency", "0s").rstrip("s")),
            waited="wait=" in request.get("requestUrl", ""),
        )


def judge_answers(name: str, answers: Sequence[Answer], *, look_at_time: bool) -> list[str]:
    """What is wrong with how a revision answered; nothing if all is well."""
    if not answers:
        return [f"{name} answered nothing."]
    wrong = []
    errors = sum(answer.status >= 500 for answer in answers)  # noqa: PLR2004 - HTTP's own number
    if errors > ERRORS * len(answers):
        wrong.append(f"{name} answered {errors} of {len(answers)} requests with a server error.")
    times = sorted(answer.seconds for answer in answers if not answer.waited)
    if look_at_time and len(times) >= ENOUGH:
        slow = times[len(times) * 19 // 20]
        if slow > SECONDS:
            wrong.append(f"{name} took {slow:.1f} s for one request in twenty.")
    return wrong


def judge_attempts(name: str, new: Sequence[str], others: Sequence[str]) -> list[str]:
    """What is wrong with how the new worker's attempts ended; both are events of the log."""
    share, usual = _failed(new), _failed(others)
    if share > usual + FAILURES:
        return [f"{share:.0%} of the attempts on {name} failed; elsewhere {usual:.0%} did."]
    return []


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", required=True)
    parser.add_argument("--since", required=True, help="RFC 3339")
    parser.add_argument("--api", required=True, help="its new revision")
    parser.add_argument("--worker", required=True, help="its new revision")
    chosen = parser.parse_args(arguments)
    logs = Logs(chosen.project, chosen.since)
    wrong = [
        *judge_answers(chosen.api, logs.answers(chosen.api), look_at_time=True),
        *judge_answers(chosen.worker, logs.answers(chosen.worker), look_at_time=False),
        *judge_attempts(
            chosen.worker,
            logs.ends(f'="{chosen.worker}"'),
            logs.ends(f'!="{chosen.worker}"'),
        ),
    ]
    print("\n".join(wrong) or "The new revisions do well.")
    return 1 if wrong else 0


class Logs:
    """What Cloud Logging holds of a project since a moment."""

    def __init__(self, project: str, since: str) -> None:
        self._project = project
        self._since = since

    def answers(self, revision: str) -> list[Answer]:
        """What a revision answered."""
        entries = self._read(
            f'log_id("run.googleapis.com/requests") resource.labels.revision_name="{revision}"'
        )
        return [Answer.of(entry) for entry in entries]

    def ends(self, revision: str) -> list[str]:
        """How attempts ended on the revisions that this comparison chooses."""
        events = " OR ".join(f'"{event}"' for event in _ENDS)
        entries = self._read(
            f"resource.labels.revision_name{revision} jsonPayload.event=({events})"
        )
        return [entry["jsonPayload"]["event"] for entry in entries]

    def _read(self, conditions: str) -> list[dict[str, Any]]:
        where = f'resource.type="cloud_run_revision" timestamp>="{self._since}" {conditions}'
        command = ["gcloud", "logging", "read", where, f"--project={self._project}"]
        ran = subprocess.run(  # noqa: S603 - the build's own words
            [*command, "--limit=5000", "--format=json"], check=True, stdout=subprocess.PIPE
        )
        entries: list[dict[str, Any]] = json.loads(ran.stdout)
        return entries


def _failed(ends: Sequence[str]) -> float:
    counted = Counter(ends)
    return 1 - counted["job.succeeded"] / counted.total() if counted else 0.0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
