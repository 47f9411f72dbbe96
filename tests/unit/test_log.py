"""Logs: one line an event, as Cloud Logging reads it, or for people."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from jobs.telemetry.log import JsonFormatter, TextFormatter, log_event, log_fields, start_logging
from tests.factories import T0, TRACEPARENT, a_job

MOMENT = datetime(2026, 3, 4, 5, 6, 7, 890000, tzinfo=UTC)


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Leaves the root logger as it was."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level


class Terminal(io.StringIO):
    """A stream that people look at."""

    def isatty(self) -> bool:
        return True


def _lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def _record(message: str, *args: object, level: int = logging.INFO) -> logging.LogRecord:
    record = logging.LogRecord("any", level, __file__, 1, message, args, None)
    record.created = MOMENT.timestamp()
    return record


def test_an_event_of_a_job() -> None:
    """An event carries the job's id, type, attempt and trace as Cloud Logging names them."""
    stream = io.StringIO()
    start_logging("my-project", stream)
    log_event("job.started", a_job(attempt=2), worker="w-1", nothing=None)
    (line,) = _lines(stream)
    assert datetime.fromisoformat(line.pop("time")).tzinfo is not None
    assert line == {
        "severity": "INFO",
        "message": "job.started words.say 0123456789abcdef0123456789abcdef",
        "event": "job.started",
        "job": "0123456789abcdef0123456789abcdef",
        "type": "words.say",
        "attempt": 2,
        "worker": "w-1",
        "logging.googleapis.com/trace": "projects/my-project/traces/"
        "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_an_event_before_the_first_attempt() -> None:
    """A job without a trace and without attempts is logged without them."""
    stream = io.StringIO()
    start_logging("my-project", stream)
    log_event("job.submitted", a_job(trace=None))
    (line,) = _lines(stream)
    assert not {"attempt", "logging.googleapis.com/trace"} & set(line)


def test_an_event_of_no_job() -> None:
    """Other events carry their fields."""
    stream = io.StringIO()
    start_logging("my-project", stream)
    log_fields("sweep.done", due=3, at=T0)
    (line,) = _lines(stream)
    assert (line["message"], line["due"]) == ("sweep.done", 3)
    assert line["at"] == "2026-03-04T05:06:07.890123Z"


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
def test_severity(level: str) -> None:
    """A level's name is the severity that Cloud Logging knows."""
    record = _record("x", level=getattr(logging, level))
    assert json.loads(JsonFormatter("p").format(record))["severity"] == level


def test_one_line_whatever_it_says() -> None:
    """Line breaks, quotes and odd values stay within the one line."""
    record = _record("two\nlines %s", '"quoted"')
    record.__dict__["fields"] = {"object": object, "text": "\u2028", "number": float("nan")}
    line = JsonFormatter("p").format(record)
    assert len(line.splitlines()) == 1 + line.count("\u2028")
    assert "\n" not in line
    decoded = json.loads(line)
    assert decoded["message"] == 'two\nlines "quoted"'
    assert decoded["object"] == "<class 'object'>"
    assert decoded["number"] is None


def test_text_that_is_no_unicode() -> None:
    """A file name that is no text can be logged: it comes out marked, and nothing is lost."""
    record = _record("could not open %s", "caf\udce9.csv")
    record.__dict__["fields"] = {"at": T0, "path": ["caf\udce9.csv"]}
    decoded = json.loads(JsonFormatter("p").format(record))
    assert decoded["message"] == "could not open caf?.csv"
    assert (decoded["path"], decoded["at"]) == (["caf?.csv"], "2026-03-04T05:06:07.890123Z")
    TextFormatter().format(record).encode()


def test_an_exception() -> None:
    """An exception's traceback goes along, in JSON within the line, for people below it."""
    stream, terminal = io.StringIO(), Terminal()
    for where in (stream, terminal):
        start_logging("my-project", where)
        try:
            int("because")
        except ValueError:
            logging.getLogger("any").exception("it broke")
    (line,) = _lines(stream)
    assert (line["severity"], line["message"]) == ("ERROR", "it broke")
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith(" 'because'\n")
    assert " ERROR   it broke\nTraceback (most recent call last):\n" in terminal.getvalue()
    assert terminal.getvalue().endswith(" 'because'\n")


def test_a_line_for_people() -> None:
    """On a terminal a line has the time, the level, the event and its fields."""
    stream = Terminal()
    start_logging("my-project", stream)
    log_event("job.started", a_job(attempt=1), trace_is=TRACEPARENT[:2])
    moment, _, text = stream.getvalue().partition(" ")
    datetime.strptime(moment, "%H:%M:%S.%f").replace(tzinfo=UTC)
    assert text == (
        "INFO    job.started job=0123456789abcdef0123456789abcdef type=words.say attempt=1"
        " trace_is=00\n"
    )


def test_other_lines_for_people() -> None:
    """A record without fields is its message."""
    assert TextFormatter().format(_record("hello %s", "you")) == "05:06:07.890 INFO    hello you"


def test_libraries_log_too() -> None:
    """What libraries log comes out the same way, from INFO up."""
    stream = io.StringIO()
    start_logging("my-project", stream)
    logging.getLogger("some.library").info("hello")
    logging.getLogger("some.library").debug("nobody hears this")
    assert [line["message"] for line in _lines(stream)] == ["hello"]
