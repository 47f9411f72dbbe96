"""`./dev doctor --project`: a healthy deployment has no findings, and each break has its own."""

import json
import re
import shlex
from collections.abc import Callable
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from deployment import programs as found
from deployment.doctor.checks import examine
from deployment.doctor.deployment import examine_project
from deployment.doctor.findings import Finding
from deployment.doctor.reading import Reading
from deployment.doctor.source import Page, Unreadable
from deployment.doctor.wanted import wanted_here
from local.cli import main
from local.processes import ROOT
from tests.deployment.healthy import API, NOW, PROJECT, Recorded, healthy
from tests.deployment.programs import StandIns
from tests.infra.sdk_commands import SdkCommands

Answers = dict[str, Any]
Break = Callable[[Answers], object]

WANTED = wanted_here(ROOT)


def findings(answers: Answers) -> list[Finding]:
    reading = Reading(
        Recorded(answers), project=PROJECT, name="dormouse", wanted=WANTED, now=lambda: NOW
    )
    return examine(reading.snapshot())


def api(answers: Answers) -> Any:
    return answers["run services list"][0]


def worker(answers: Answers) -> Any:
    return answers["run services list"][1]


def job_messages(answers: Answers) -> Any:
    return answers["pubsub subscriptions list"][0]


def dead_letters(answers: Answers) -> Any:
    return answers["pubsub subscriptions list"][1]


def sweep(answers: Answers) -> Any:
    return answers["scheduler jobs list"][0]


def notes(service: Any) -> dict[str, str]:
    found: dict[str, str] = service["metadata"]["annotations"]
    return found


def template(service: Any) -> dict[str, Any]:
    found: dict[str, Any] = service["spec"]["template"]["spec"]
    return found


def sets(service: Any, name: str, value: str) -> None:
    variables = template(service)["containers"][0]["env"]
    template(service)["containers"][0]["env"] = [
        {"name": one["name"], "value": value if one["name"] == name else one["value"]}
        for one in variables
    ]


def no_policy(answers: Answers, of: str) -> None:
    answers[of] = {"etag": "x"}


def health(status: str = "ok", skew: int = 0) -> Page:
    date = format_datetime(NOW - timedelta(seconds=skew), usegmt=True)
    return Page({"Date": date}, {"status": status})


WORKERS_POLICY = "run services get-iam-policy dormouse-worker"
BREAKS: list[tuple[str, Break]] = [
    (
        "dead-letter-publisher-missing",
        lambda a: no_policy(a, "pubsub topics get-iam-policy dormouse-dead-letters"),
    ),
    (
        "dead-letter-subscriber-missing",
        lambda a: no_policy(a, "pubsub subscriptions get-iam-policy dormouse-jobs-push"),
    ),
    ("dead-letter-policy-missing", lambda a: job_messages(a).pop("deadLetterPolicy")),
    (
        "delivery-attempts-few",
        lambda a: job_messages(a)["deadLetterPolicy"].update(maxDeliveryAttempts=5),
    ),
    ("dead-letter-topic-unsubscribed", lambda a: a["pubsub subscriptions list"].pop(1)),
    (
        "dead-letters-waiting",
        lambda a: a["https://firestore.googleapis.com"][0]["result"]["aggregateFields"][
            "all"
        ].update(integerValue="3"),
    ),
    ("ack-deadline-short", lambda a: job_messages(a).update(ackDeadlineSeconds=60)),
    ("worker-timeout-short", lambda a: template(worker(a)).update(timeoutSeconds=300)),
    ("api-timeout-short", lambda a: template(api(a)).update(timeoutSeconds=10)),
    ("sweep-deadline-short", lambda a: sweep(a).update(attemptDeadline="30s")),
    (
        "audience-differs",
        lambda a: sweep(a)["httpTarget"]["oidcToken"].update(audience="https://elsewhere"),
    ),
    (
        "audience-unknown",
        lambda a: notes(worker(a)).update(
            {
                "run.googleapis.com/custom-audiences": notes(worker(a))[
                    "run.googleapis.com/custom-audiences"
                ].replace("/sweep", "/other")
            }
        ),
    ),
    ("api-audience-missing", lambda a: sets(api(a), "DORMOUSE_API_AUDIENCES", "https://other")),
    (
        "caller-differs",
        lambda a: dead_letters(a)["pushConfig"]["oidcToken"].update(
            serviceAccountEmail="x@example.com"
        ),
    ),
    ("caller-differs", lambda a: sweep(a)["httpTarget"].pop("oidcToken")),
    (
        "endpoint-differs",
        lambda a: job_messages(a)["pushConfig"].update(pushEndpoint="https://x/jobs"),
    ),
    ("door-unknown", lambda a: sweep(a)["httpTarget"].update(uri="https://x/other")),
    ("settings-refused", lambda a: sets(worker(a), "DORMOUSE_HANDLER_PROCESSES", "many")),
    ("settings-refused", lambda a: sets(api(a), "DORMOUSE_ROLES", "[")),
    (
        "invoker-missing",
        lambda a: a[WORKERS_POLICY]["bindings"][0]["members"].pop(),
    ),
    (
        "worker-open",
        lambda a: a[WORKERS_POLICY]["bindings"][0]["members"].append("allUsers"),
    ),
    (
        "worker-unchecked",
        lambda a: notes(worker(a)).update({"run.googleapis.com/invoker-iam-disabled": "true"}),
    ),
    ("worker-exposed", lambda a: notes(worker(a)).update({"run.googleapis.com/ingress": "all"})),
    ("api-closed", lambda a: notes(api(a)).pop("run.googleapis.com/invoker-iam-disabled")),
    ("trigger-missing", lambda a: a["eventarc triggers list"].pop(0)),
    (
        "trigger-caller-differs",
        lambda a: a["eventarc triggers list"][0].update(serviceAccount="x@example.com"),
    ),
    (
        "trigger-ill",
        lambda a: a["eventarc triggers list"][0].update(
            conditions={"transport.pubsub.topic": {"code": "NOT_FOUND", "message": "gone"}}
        ),
    ),
    ("event-receiver-missing", lambda a: no_policy(a, "projects get-iam-policy")),
    ("not-read", lambda a: a.update({"projects get-iam-policy": Unreadable("denied")})),
    ("not-read", lambda a: a.update({"eventarc triggers list": Unreadable("denied")})),
    ("index-missing", lambda a: a["firestore indexes composite list"].pop()),
    (
        "index-not-ready",
        lambda a: a["firestore indexes composite list"][0].update(state="CREATING"),
    ),
    ("field-indexed", lambda a: a["firestore indexes fields list"].pop()),
    ("ttl-missing", lambda a: a["firestore fields ttls list"].pop()),
    (
        "ttl-missing",
        lambda a: a["firestore fields ttls list"][0]["ttlConfig"].update(state="CREATING"),
    ),
    (
        "subscription-expires",
        lambda a: dead_letters(a).update(expirationPolicy={"ttl": "2678400s"}),
    ),
    ("subscription-expires", lambda a: job_messages(a).pop("expirationPolicy")),
    ("subscription-pulls", lambda a: job_messages(a).update(pushConfig={})),
    ("threads-few", lambda a: template(api(a)).update(containerConcurrency=WANTED.threads["api"])),
    ("processes-few", lambda a: template(worker(a)).update(containerConcurrency=7)),
    ("clock-skew", lambda a: a.update({f"{API}/v1/health": health(skew=90)})),
    ("clock-skew", lambda a: a.update({f"{API}/v1/health": health(skew=-90)})),
    ("api-unhealthy", lambda a: a.update({f"{API}/v1/health": health("degraded")})),
    ("sweep-late", lambda a: a.update({"logging read": []})),
    (
        "sweep-late",
        lambda a: a["logging read"][0].update(timestamp=(NOW - timedelta(minutes=9)).isoformat()),
    ),
    (
        "documents-unreadable",
        lambda a: a["logging read"].append(
            {"jsonPayload": {"document": "projects/p/databases/(default)/documents/jobs/abc"}}
        ),
    ),
    ("sweep-paused", lambda a: sweep(a).update(state="PAUSED")),
    ("sweep-unscheduled", lambda a: a["scheduler jobs list"].pop()),
    ("not-read", lambda a: a.update({"scheduler jobs list": Unreadable("denied")})),
    ("not-read", lambda a: a.update({WORKERS_POLICY: Unreadable("denied")})),
    ("not-read", lambda a: a.update({"firestore fields ttls list": Unreadable("denied")})),
    ("not-read", lambda a: a.update({"logging read": Unreadable("denied")})),
    ("not-read", lambda a: a.update({f"{API}/v1/health": Page({}, None)})),
    ("not-read", lambda a: a.update({"https://firestore.googleapis.com": {"error": "denied"}})),
    ("not-read", lambda a: a.update({"pubsub subscriptions list": Unreadable("denied")})),
    ("subscription-missing", lambda a: a["pubsub subscriptions list"].pop(0)),
]


def test_nothing_is_wrong_with_a_healthy_deployment() -> None:
    """What Terraform makes, as gcloud would show it, gives no finding."""
    assert findings(healthy()) == []


@pytest.mark.parametrize(
    ("expected", "breaks"),
    BREAKS,
    ids=[f"{name}-{place}" for place, (name, _) in enumerate(BREAKS)],
)
def test_each_break_is_found_and_nothing_else(expected: str, breaks: Break) -> None:
    """One thing is broken on purpose: its finding is there, alone, and says how to mend it."""
    answers = healthy()
    breaks(answers)
    told = findings(answers)
    assert {one.id for one in told} == {expected} | ALSO.get(expected, set()), told
    assert all(one.what and one.mend for one in told)


ALSO: dict[str, set[str]] = {
    # A call to a door that isn't there has neither that door's place nor its audience.
    "door-unknown": {"endpoint-differs", "audience-differs", "sweep-unscheduled"},
}
"""What follows from a break by necessity."""


def test_a_project_without_a_deployment_is_told() -> None:
    """Both services and the subscription are missing; nothing fails."""
    answers = healthy()
    answers["run services list"] = []
    answers["pubsub subscriptions list"] = []
    answers["logging read"] = []
    ids = [one.id for one in findings(answers)]
    assert ids == ["service-missing", "service-missing", "subscription-missing", "sweep-late"]


def test_every_check_has_its_break() -> None:
    """No finding is there that these tests have never seen."""
    texts = [path.read_text() for path in (ROOT / "deployment" / "doctor" / "checks").glob("*.py")]
    ids = {name for text in texts for name in re.findall(r'id="([a-z-]+)"', text)}
    assert ids == {name for name, _ in BREAKS} | {"service-missing"}


@pytest.mark.parametrize(
    ("expected", "breaks"),
    BREAKS,
    ids=[f"{name}-{place}" for place, (name, _) in enumerate(BREAKS)],
)
def test_what_mends_can_be_typed(expected: str, breaks: Break) -> None:
    """Each command of gcloud that a finding names is one, with those flags."""
    del expected
    answers = healthy()
    breaks(answers)
    for one in findings(answers):
        for command in re.findall(r"`gcloud ([^`]+)`", one.mend):
            assert SdkCommands.installed().refusal(shlex.split(command)) is None
            assert f"--project={PROJECT}" in command


def test_it_reads_by_commands_that_gcloud_has(
    programs: StandIns, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the real process: each part is asked for, and `--json` is for machines."""
    for name, value in programs.environment.items():
        monkeypatch.setenv(name, value)
    for asked, answer in healthy().items():
        if not asked.startswith("https"):
            programs.answer(f"gcloud {asked}*", answer)
    programs.answer("gcloud auth print-access-token", status=1, err="nobody is logged in")
    assert main(["doctor", "--project", PROJECT, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["examined"] == PROJECT
    told = {one["what"].partition(" could not be read")[0] for one in report["findings"]}
    # The one needs a token, the other an API that answers.
    assert {"dead letters", "health"} <= told
    commands = {" ".join(call[:4]) for call in programs.calls}
    assert "gcloud firestore indexes composite" in commands
    assert "gcloud pubsub topics get-iam-policy" in commands


def test_a_project_that_can_not_be_seen_is_one_finding(programs: StandIns) -> None:
    """With gcloud's own words."""
    programs.answer("gcloud projects describe*", status=1, err="no account")
    report = examine_project(PROJECT, name="dormouse", root=ROOT, environment=programs.environment)
    assert [one.id for one in report.findings] == ["project-not-read"]
    assert "no account" in report.text()
    assert report.status == 1


def test_without_gcloud_that_is_the_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to get it."""
    monkeypatch.setattr(found, "SDK_FOLDERS", ())
    report = examine_project(
        PROJECT, name="dormouse", root=ROOT, environment={"PATH": str(tmp_path)}
    )
    assert [one.id for one in report.findings] == ["gcloud-missing"]
