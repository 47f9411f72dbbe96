"""Structured logs: one JSON line an event, in the form that Cloud Logging reads.

https://cloud.google.com/logging/docs/structured-logging
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

from jobs.job.model import Job
from jobs.telemetry.trace import trace_id

log = logging.getLogger("dormouse")

_FIELDS = "fields"
_TRACE = "trace"


def log_fields(event: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Say that something happened that is not about one job's transition."""
    log.log(level, event, extra={_FIELDS: {"event": event} | fields})


def log_event(event: str, job: Job, *, level: int = logging.INFO, **fields: Any) -> None:
    """Say that something happened to a job; with every transition, once."""
    about: dict[str, Any] = {"event": event, "job": job.id, "type": job.type}
    if job.attempt:
        about["attempt"] = job.attempt
    about |= {name: value for name, value in fields.items() if value is not None}
    text = f"{event} {job.type} {job.id}"
    log.log(level, text, extra={_FIELDS: about, _TRACE: trace_id(job.trace)})


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, correlated with its trace."""

    def __init__(self, project: str) -> None:
        super().__init__()
        self._project = project

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "severity": record.levelname,
            "message": record.getMessage(),
            "time": datetime.fromtimestamp(record.created, UTC),
        }
        line |= getattr(record, _FIELDS, {})
        if trace := getattr(record, _TRACE, None):
            line["logging.googleapis.com/trace"] = f"projects/{self._project}/traces/{trace}"
        if record.exc_info:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        try:
            return msgspec.json.encode(line, enc_hook=str).decode()
        except UnicodeEncodeError:
            plain = msgspec.to_builtins(line, enc_hook=str)
            return _as_unicode(json.dumps(plain, ensure_ascii=False))


class TextFormatter(logging.Formatter):
    """A record as a line for people."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = getattr(record, _FIELDS, {})
        if fields:
            about = " ".join(f"{name}={value}" for name, value in fields.items() if name != "event")
            text = f"{fields['event'] if 'event' in fields else record.getMessage()} {about}"
        else:
            text = record.getMessage()
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        line = f"{moment} {record.levelname:<7} {text}"
        if record.exc_info:
            line += "\n" + "".join(traceback.format_exception(*record.exc_info)).rstrip()
        return _as_unicode(line)


def _as_unicode(text: str) -> str:
    """The text with marks for what is no character, such as parts of a file name in Latin-1."""
    return text.encode(errors="replace").decode()


def start_logging(project: str, stream: TextIO = sys.stdout) -> None:
    """Send this process's log to `stream`: readable on a terminal, JSON elsewhere."""
    # No line has these. https://docs.python.org/3/howto/logging.html#optimization
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if stream.isatty() else JsonFormatter(project))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
