"""The command `dormouse`, as a shell starts it, at the real system and at the fake."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from dormouse.testing import FakeDormouse

from local.processes import ROOT
from local.services import url
from tests.e2e.system import System

SECONDS = 60
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["fake", "system"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The variables that point the command to a service."""
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": "client"}
    if request.param == "fake":
        fake: FakeDormouse = request.getfixturevalue("fake")
        with fake.served() as pointing:
            yield {**bare, **pointing}
    else:
        stack: System = request.getfixturevalue("stack")
        yield {**bare, "DORMOUSE_URL": url(stack.ports.api), "DORMOUSE_TOKEN": stack.token()}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Runs the command, and tells what came of it."""

    def start(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - ours
            [sys.executable, "-m", "dormouse.command", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            cwd=ROOT,
            env={**environment, **more},
        )

    return start


def test_a_build_waits_for_a_job_in_one_line(run: Run) -> None:
    """With --wait it prints the result, and exits with 0."""
    ran = run("submit", "client.echo", '{"value": "ü"}', "--wait")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"value": "ü"}


def test_a_failed_job_fails_the_build(run: Run) -> None:
    """The exit status is 1, and its error is on standard error."""
    ran = run("submit", "client.fail", '{"value": "no such card"}', "--wait")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "no such card" in ran.stderr


def test_ids_go_from_one_command_to_the_next(run: Run) -> None:
    """`-o ids` writes them, and `-` reads them."""
    label = f"run={uuid4().hex}"
    for _ in range(2):
        assert run("submit", "client.echo", "--delay", "3600", "--label", label).returncode == 0
    listed = run("list", "--label", label, "-o", "ids")
    assert len(listed.stdout.split()) == 2
    cancelled = run("cancel", "-", "-o", "jsonl", stdin=listed.stdout)
    assert [json.loads(line)["status"] for line in cancelled.stdout.splitlines()] == [
        "cancelled",
        "cancelled",
    ]
    assert run("delete", "-", stdin=listed.stdout).returncode == 0
    assert run("list", "--label", label).stdout == ""


def test_payloads_come_from_standard_input_and_files(run: Run, tmp_path: Path) -> None:
    """`-` and `@FILE`, and what is no JSON is a matter of usage."""
    file = tmp_path / "payload.json"
    file.write_text('{"value": 2}')
    for payload, value in (("-", 1), (f"@{file}", 2)):
        ran = run("submit", "client.echo", payload, "--wait", stdin='{"value": 1}')
        assert json.loads(ran.stdout) == {"value": value}
    assert run("submit", "client.echo", "{'value': 1}").returncode == 2
    assert run("submit", "client.echo", "@nowhere").returncode == 2


def test_exit_statuses_tell_what_is_wrong(run: Run) -> None:
    """Usage, identity, not found, refused."""
    assert run("submit").returncode == 2
    assert run("get", "0" * 32).returncode == 4
    assert run("submit", "no.such").returncode == 5
    assert run("whoami", DORMOUSE_TOKEN="nonsense").returncode == 3
    assert run("whoami", DORMOUSE_URL="").returncode == 2
    assert run("whoami", DORMOUSE_PROFILE="nowhere").returncode == 2


def test_one_missing_job_does_not_hold_up_the_others(run: Run) -> None:
    """The others are shown, and the exit status says that one is missing."""
    job = run("submit", "client.echo", '{"value": 1}').stdout.strip()
    ran = run("get", "0" * 32, job, "-o", "ids")
    assert (ran.returncode, ran.stdout.split()) == (4, [job])


def test_a_job_is_watched_to_its_end(run: Run) -> None:
    """Its log and its end; the exit status is the job's."""
    job = run("submit", "client.talk", '{"lines": 2}').stdout.strip()
    watched = run("watch", job)
    assert watched.returncode == 0, watched.stderr
    assert "line 1" in watched.stdout
    events = run("watch", job, "-o", "jsonl").stdout.splitlines()
    assert json.loads(events[-1])["kind"] == "end"
    failing = run("submit", "client.fail", '{"value": 1}').stdout.strip()
    assert run("watch", failing).returncode == 1
    assert run("result", failing, job).returncode == 1


def test_escape_sequences_never_reach_the_terminal(run: Run) -> None:
    """Submitters write labels, payloads and errors; operators read them in a terminal."""
    evil = "\x1b]0;owned\x07\x9b31m\u202etxt"
    job = run("submit", "client.fail", json.dumps({"value": evil})).stdout.strip()
    for command in (("result", job), ("get", job), ("watch", job), ("get", job, "-o", "json")):
        ran = run(*command)
        said = ran.stdout + ran.stderr
        assert "owned" in said, command
        assert not set("\x1b\x07\x9b\u202e") & set(said), command


def test_an_interrupt_ends_it_as_shells_expect(stack: System, environment: dict[str, str]) -> None:
    """Ctrl-C while it waits: 130, and no traceback. The fake lets nobody wait."""
    if environment["DORMOUSE_URL"] != url(stack.ports.api):
        return
    command = [sys.executable, "-m", "dormouse.command"]
    submitted = subprocess.run(  # noqa: S603 - ours
        [*command, "submit", "client.echo", "--delay", "3600"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    job = submitted.stdout.strip()
    watching = subprocess.Popen(  # noqa: S603 - ours
        [*command, "watch", job],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with watching:
        assert watching.stdout is not None
        assert "queued" in watching.stdout.readline()
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=SECONDS)
    assert (watching.returncode, "Traceback" in said) == (130, False)


def test_a_reader_who_has_enough_is_no_error(run: Run, environment: dict[str, str]) -> None:
    """`dormouse list | head -0`: no traceback, and no status that means something else."""
    run("submit", "client.echo", '{"value": 1}')
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        [sys.executable, "-m", "dormouse.command", "list"],
        cwd=ROOT,
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_types_and_schedules_and_webhooks(run: Run) -> None:
    """Each has its commands."""
    assert "client.echo" in run("types", "-o", "ids").stdout.split()
    assert run("types", "client.echo").returncode == 0
    made = run("schedules", "create", "client.echo", '{"value": 1}', "--every", "3600", "-o", "ids")
    schedule = made.stdout.strip()
    assert made.returncode == 0, made.stderr
    job = run("schedules", "run", schedule).stdout.strip()
    assert json.loads(run("result", job).stdout) == {"value": 1}
    assert "paused" in run("schedules", "pause", schedule).stdout
    assert schedule in run("schedules", "list", "-o", "ids").stdout
    assert run("schedules", "delete", schedule).returncode == 0
    hook = run("webhooks", "create", "https://shop.example.com/hook", "-o", "json")
    webhook = json.loads(hook.stdout)
    assert webhook["secret"].startswith("whsec_")
    assert webhook["id"] in run("webhooks", "list").stdout
    assert run("webhooks", "delete", webhook["id"]).returncode == 0


def test_whoami_and_doctor(run: Run) -> None:
    """They name the caller."""
    assert "user:dev@example.com" in run("whoami").stdout
    missing = run("doctor", DORMOUSE_URL="http://127.0.0.1:1")
    assert (missing.returncode, "can't be reached" in missing.stdout) == (5, True)


def test_completion_is_shell_code(run: Run) -> None:
    """For each of the shells."""
    for shell in ("bash", "zsh", "fish"):
        assert "_DORMOUSE_COMPLETE" in run("completion", shell).stdout
