"""Metrics, alerts and dashboard against the code's log, and alerts against the runbook."""

import ast
import re
from collections.abc import Iterator

import pytest

from local.processes import ROOT
from tests.infra.terraform import Terraform

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
_EVENT = re.compile(r"\b(?:job|sweep|dead_letter|job message)\.[a-z_]+\b")


def logged() -> Iterator[str]:
    """The name of every event that the services log."""
    for room in ("api", "jobs", "worker"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text()
            if "log_event(" in text or "log_fields(" in text:
                for word in ast.walk(ast.parse(text)):
                    if isinstance(word, ast.Constant) and isinstance(word.value, str):
                        yield from _EVENT.findall(word.value)


def alerts(terraform: Terraform) -> set[str]:
    single = {
        body["user_labels"]["alert"]
        for (kind, name), body in terraform.resources.items()
        if kind == "google_monitoring_alert_policy" and name != "query"
    }
    return single | set(terraform.locals["alerts"]) | {"budget"}


def test_every_event_that_is_counted_is_logged(terraform: Terraform) -> None:
    """No metric, alert or chart waits for an event that nothing logs."""
    counted = set(_EVENT.findall(terraform.text()))
    assert {"job.failed", "job.succeeded", "sweep.done", "dead_letter.kept"} <= counted
    assert counted <= set(logged())


def test_what_distributions_measure_is_logged() -> None:
    """The fields `seconds` and `due` are in the events that the metrics take them from."""
    assert "seconds=seconds" in (ROOT / "worker" / "attempts" / "attempts.py").read_text()
    assert "sweep.done" in (ROOT / "worker" / "app.py").read_text()
    assert "due: int" in (ROOT / "worker" / "sweep" / "sweep.py").read_text()


def test_every_alert_has_its_section(terraform: Terraform) -> None:
    """The runbook has a section of each alert's name, with the same three questions answered."""
    sections = re.split(r"^## ", RUNBOOK, flags=re.MULTILINE)
    by_name = {text.partition("\n")[0]: text for text in sections}
    for alert in sorted(alerts(terraform)):
        for part in ("**What it means.**", "**What to look at.**", "**What to do.**"):
            assert part in by_name[alert], f"{alert}: {part}"


@pytest.mark.parametrize("alert", ["dead_letters", "availability"])
def test_an_alert_points_to_its_section(terraform: Terraform, alert: str) -> None:
    """Who is woken finds the way from the alert itself."""
    policy = terraform.resources["google_monitoring_alert_policy", alert]
    name = policy["user_labels"]["alert"]
    assert policy["documentation"][0]["content"] == f"docs/runbook.md, section `{name}`"
