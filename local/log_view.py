"""Turns the services' structured log lines into lines for people."""

from datetime import datetime, tzinfo
from typing import Any

import msgspec

from local.console import printable, style

_SEVERITIES = {
    "DEBUG": ("dim",),
    "WARNING": ("yellow",),
    "ERROR": ("red",),
    "CRITICAL": ("red", "bold"),
}
_SERVICES = {"api": "cyan", "worker": "green", "local": "dim"}
_SHOWN_APART = frozenset(
    {"severity", "message", "time", "event", "job", "type", "attempt", "exception", "service"}
)


def render(service: str, line: str, *, colour: bool, zone: tzinfo | None = None) -> str:
    """A line of a service's output, readable: time, service, severity, what happened, to what.

    What is not structured is shown as it is. No line moves the cursor, colours or forges another,
    whatever a job has in it. Times are in `zone`, the machine's own if None.
    """
    entry = _decode(line)
    if entry is None:
        return f"{'':12} {_service(service, colour)} {printable(line)}"
    severity = str(entry.get("severity", "INFO"))
    text = printable(f"{severity:<7} {_text(entry)}")
    if colour and severity in _SEVERITIES:
        text = style(text, *_SEVERITIES[severity])
    where = _service(printable(str(entry.get("service", service))), colour)
    rendered = f"{_time(entry.get('time'), zone):12} {where} {text}"
    if exception := entry.get("exception"):
        rendered += printable(f"\n{exception}", kept="\t\n").rstrip()
    return rendered


def is_idle(line: str) -> bool:
    """Whether it says that a sweep found nothing to do, as one does each minute."""
    entry = _decode(line)
    if entry is None or entry.get("event") != "sweep.done":
        return False
    return not any(entry.get(name) for name in ("events", "dispatched", "fired", "skipped", "full"))


def _decode(line: str) -> dict[str, Any] | None:
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except msgspec.DecodeError:
        return None


def _service(name: str, colour: bool) -> str:
    padded = f"{name:<9}"
    return style(padded, _SERVICES.get(name, "bold")) if colour else padded


def _time(value: Any, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return ""
    return moment.astimezone(zone).strftime("%H:%M:%S.%f")[:-3]


def _text(entry: dict[str, Any]) -> str:
    words = [str(entry.get("event") or entry.get("message", ""))]
    words += [str(entry[name]) for name in ("type", "job") if entry.get(name)]
    if "attempt" in entry:
        words.append(f"attempt={entry['attempt']}")
    words += [
        f"{name}={value}"
        for name, value in entry.items()
        if name not in _SHOWN_APART and not name.startswith("logging.googleapis.com/")
    ]
    return " ".join(words)
