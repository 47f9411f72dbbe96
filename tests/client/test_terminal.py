"""A terminal gets tables, colours and a progress bar; a pipe gets plain fields."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from dormouse.command.main import main
from dormouse.testing import FakeDormouse

CAPTURED = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def service(
    fake: FakeDormouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeDormouse]:
    """The fake that the environment points to."""
    monkeypatch.setenv("DORMOUSE_CONFIG_DIR", str(tmp_path))
    with fake.served() as pointing:
        for name, value in pointing.items():
            monkeypatch.setenv(name, value)
        yield fake


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As rich sees one."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


@pytest.mark.usefixtures("terminal")
def test_a_list_is_a_table(service: FakeDormouse, capsys: CAPTURED) -> None:
    """With a heading, and the whole id, which people copy."""
    main(["submit", "client.fail", '{"value": "[red]no[/red] such card"}', "--label", "team=a"])
    capsys.readouterr()
    assert main(["list"]) == 0
    heading, row = plain(capsys.readouterr().out).splitlines()
    assert heading.split()[:3] == ["id", "type", "status"]
    assert row.split()[:3] == [service.jobs[0].id, "client.fail", "failed"]
    assert "team=a" in row
    assert "permanent_error: [red]no[/red] such card" in row, "markup is text here"


def test_a_pipe_gets_fields(service: FakeDormouse, capsys: CAPTURED) -> None:
    """Between tabs, without heading and colours, nothing cut off."""
    main(["submit", "client.fail", f'{{"value": "{"x" * 500}"}}'])
    capsys.readouterr()
    main(["list"])
    (line,) = capsys.readouterr().out.splitlines()
    fields = line.split("\t")
    assert fields[:3] == [service.jobs[0].id, "client.fail", "failed"]
    assert "x" * 500 in fields[-1]


@pytest.mark.usefixtures("terminal")
def test_watching_shows_a_bar_and_the_log(service: FakeDormouse, capsys: CAPTURED) -> None:
    """The handler's log lines and progress appear."""
    main(["submit", "client.talk", '{"lines": 2}'])
    capsys.readouterr()
    assert main(["watch", service.jobs[0].id]) == 0
    shown = plain(capsys.readouterr().out)
    assert "line 0" in shown
    assert "2 of 2" in shown


def test_a_job_is_shown_in_full(service: FakeDormouse, capsys: CAPTURED) -> None:
    """With payload and result."""
    main(["submit", "client.echo", '{"value": "ü"}'])
    capsys.readouterr()
    assert main(["get", service.jobs[0].id]) == 0
    shown = capsys.readouterr().out
    assert '{"value": "ü"}' in shown
    assert "succeeded" in shown


def test_all_but_the_missing_is_deleted(service: FakeDormouse, capsys: CAPTURED) -> None:
    """The exit status says that one was missing, and standard error which."""
    main(["submit", "client.echo", '{"value": 1}'])
    assert main(["delete", "0" * 32, service.jobs[0].id]) == 4
    assert service.jobs == ()
    assert "job_not_found" in capsys.readouterr().err


def test_a_refusal_is_no_failed_job(service: FakeDormouse, capsys: CAPTURED) -> None:
    """An error of the service has its own exit status."""
    service.refuse_next(400, "invalid_request")
    assert main(["list"]) == 5
    assert "invalid_request" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["submit", "client.echo", "--label", "nonsense"],
        ["submit", "client.echo", "--at", "tomorrow"],
        ["submit", "client.echo", "--at", "2027-01-31T09:00"],
        ["submit", "client.echo", "--at", "2027-01-31T09:00Z", "--delay", "3"],
        ["submit", "client.echo", "--key", "with space"],
        ["list", "--status", "done"],
        ["nonsense"],
    ],
)
def test_wrong_usage_sends_nothing(service: FakeDormouse, arguments: list[str]) -> None:
    """And exits with 2."""
    assert main(arguments) == 2
    assert service.jobs == ()


def test_retry_and_result_take_ids(service: FakeDormouse, capsys: CAPTURED) -> None:
    """A cancelled job is queued again, and its result is printed."""
    main(["submit", "client.echo", '{"value": 1}', "--at", "2027-01-31T09:00Z"])
    job = service.jobs[0].id
    assert main(["cancel", job]) == 0
    assert main(["result", job]) == 1
    assert main(["retry", job, "-o", "json"]) == 0
    capsys.readouterr()
    assert main(["result", job, "-o", "jsonl"]) == 0
    assert capsys.readouterr().out == '{"value": 1}\n'
