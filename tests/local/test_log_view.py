"""Log lines for people: nothing that matters is left out, nothing is invented."""

from datetime import UTC

import msgspec
import pytest

from local.log_view import is_idle, render

ENTRY = {
    "severity": "INFO",
    "message": "job.started table.profile 5f0c",
    "time": "2026-01-02T03:04:05.678901Z",
    "event": "job.started",
    "job": "5f0c",
    "type": "table.profile",
    "attempt": 2,
    "seconds": 1.5,
    "logging.googleapis.com/trace": "projects/p/traces/abc",
}


def rendered(entry: object, *, colour: bool = False) -> str:
    line = msgspec.json.encode(entry).decode()
    return render("worker", line, colour=colour, zone=UTC)


def test_an_event_is_one_readable_line() -> None:
    """Time, service, severity, event, type, job, attempt, and then the rest."""
    assert rendered(ENTRY) == (
        "03:04:05.678 worker    INFO    job.started table.profile 5f0c attempt=2 seconds=1.5"
    )


def test_a_plain_message_is_shown() -> None:
    """An entry that is no event shows its message."""
    entry = {"severity": "WARNING", "message": "slow", "time": "2026-01-02T03:04:05Z"}
    assert rendered(entry) == "03:04:05.000 worker    WARNING slow"


def test_an_exception_follows_its_line() -> None:
    """A traceback is shown below, as it is."""
    assert rendered(ENTRY | {"exception": "Traceback\n  boom\n"}).endswith("1.5\nTraceback\n  boom")


def test_colour_is_for_terminals() -> None:
    """Escape codes are there only where they were asked for."""
    assert "\033" not in rendered(ENTRY | {"severity": "ERROR"})
    assert "\033[31m" in rendered(ENTRY | {"severity": "ERROR"}, colour=True)


@pytest.mark.parametrize("line", ["[INFO] Booting worker", "", "[1, 2]", '{"half": ', "\ufffd"])
def test_what_is_not_structured_is_shown_as_it_is(line: str) -> None:
    """Other output, gunicorn's for instance, is not lost."""
    assert render("api", line, colour=False).rstrip().endswith(f"api       {line}".rstrip())


@pytest.mark.parametrize("time", [None, 5, "yesterday"])
def test_a_strange_time_does_no_harm(time: object) -> None:
    """An entry with an unreadable time is shown without one."""
    assert rendered(ENTRY | {"time": time}).startswith(" " * 13 + "worker")


@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J",
        "\x1b]0;owned\x07",
        "\x9b31m",
        "a\rb",
        "a\nINFO forged",
        "\x08\x08",
        "\u202e",
        "\u2028",
    ],
)
@pytest.mark.parametrize(
    "member", ["event", "message", "job", "type", "text", "severity", "service"]
)
def test_a_terminal_obeys_no_job(member: str, hostile: str) -> None:
    """What a job has in its lines is shown escaped, on one line."""
    for line in (
        msgspec.json.encode({member: hostile}).decode(),
        f"plain {hostile}".replace("\n", " "),
    ):
        shown = render("worker", line, colour=False)
        assert shown.isprintable(), shown


def test_a_traceback_keeps_its_lines_only() -> None:
    """Line ends are part of a traceback, escapes are not."""
    line = msgspec.json.encode(
        {"event": "job.failed", "exception": "Traceback:\n\tone\x1b[2J\n"}
    ).decode()
    shown = render("worker", line, colour=False)
    assert shown.splitlines()[1:] == ["Traceback:", "\tone\\x1b[2J"]


@pytest.mark.parametrize(
    ("fields", "idle"),
    [
        ({"event": "sweep.done", "events": 0, "due": 3, "dispatched": 0, "full": False}, True),
        ({"event": "sweep.done", "events": 0, "dispatched": 1}, False),
        ({"event": "sweep.done", "fired": 1}, False),
        ({"event": "sweep.done", "full": True}, False),
        ({"event": "job.started"}, False),
    ],
)
def test_a_sweep_that_found_nothing_is_idle(fields: dict[str, object], idle: bool) -> None:
    """It comes each minute, and says nothing to whoever looks on."""
    assert is_idle(msgspec.json.encode(fields).decode()) is idle
    assert not is_idle("sweep.done")
