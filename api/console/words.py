"""What a page says of a job in words. Pure."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"))


def moment(text: str | None) -> datetime | None:
    """A time of the API's, in UTC."""
    return datetime.fromisoformat(text) if text else None


def duration(span: timedelta) -> str:
    """Two units at most: `3 min 20 s`, `850 ms`."""
    seconds = span.total_seconds()
    if seconds < 1:
        return f"{max(seconds, 0) * 1000:.0f} ms"
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.3g} s"
    for size, unit in _UNITS:
        if seconds >= size:
            number, rest = divmod(int(seconds), size)
            smaller = {"d": (3600, "h"), "h": (60, "min"), "min": (1, "s")}[unit]
            more = rest // smaller[0]
            return f"{number} {unit}" + (f" {more} {smaller[1]}" if more else "")
    return ""


def ago(text: str | None, now: datetime) -> str:
    """How long ago, or in how long."""
    time = moment(text)
    if time is None:
        return ""
    whole = timedelta(seconds=round(abs(now - time).total_seconds()))
    if not whole:
        return "now"
    return f"{duration(whole)} ago" if time <= now else f"in {duration(whole)}"


_ENDED: Final = {
    "running": "",
    "succeeded": "",
    "failed": "It has failed for good. It can be retried, with all its attempts anew.",
    "cancelled": "Somebody has cancelled it. It can be retried.",
}
_LATE: Final = timedelta(minutes=3)


def why_waiting(job: Mapping[str, Any], now: datetime) -> str:
    """Why a job that is not running is not, in one sentence."""
    if job["status"] in _ENDED:
        return _ENDED[job["status"]]
    due = datetime.fromisoformat(job["run_at"])
    if due <= now:
        if now - due < _LATE:
            return "Its message is on the way to a worker, or every worker is busy."
        return (
            f"It has been due for {duration(now - due)}: every worker is busy, or its message was"
            " lost. The sweep sends a new one within a minute."
        )
    when = f"{due:%Y-%m-%d %H:%M:%S} UTC, {ago(job['run_at'], now)}"
    if job["attempts"]:
        return f"Attempt {job['attempt']} did not succeed; the next one starts at {when}."
    return f"It was asked to start no earlier than {when}."


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of a job's life, in percent of the whole."""

    kind: str
    label: str
    x: float
    width: float


def lanes(job: Mapping[str, Any], now: datetime) -> list[Part]:
    """The job's life as parts in a row, waiting apart from running."""
    spans = [span for span in _spans(job, now) if span[2] > span[1] or span[0] != "waiting"]
    total = sum((span[2] - span[1] for span in spans), timedelta()) or timedelta(seconds=1)
    # However short, each is seen.
    widths = [max((last - first) / total * 100, 0.6) for _, first, last, _ in spans]
    scale = 100 / max(sum(widths), 0.6)
    found: list[Part] = []
    x = 0.0
    for (kind, first, last, label), width in zip(spans, widths, strict=True):
        text = f"{label}, {duration(last - first)}"
        found.append(Part(kind=kind, label=text, x=round(x, 3), width=round(width * scale, 3)))
        x += width * scale
    return found


Span = tuple[str, datetime, datetime, str]
"""Kind, beginning, end, and what it was."""


def _spans(job: Mapping[str, Any], now: datetime) -> Iterator[Span]:
    at = datetime.fromisoformat(job["created_at"])
    for one in job["attempts"]:
        started, ended = (datetime.fromisoformat(one[name]) for name in ("started_at", "ended_at"))
        yield "waiting", at, started, "waited"
        yield one["outcome"], started, ended, f"attempt {one['number']}: {one['outcome']}"
        at = ended
    if job["status"] == "running":
        started = moment(job["started_at"]) or at
        yield "waiting", at, started, "waited"
        yield "running", started, now, f"attempt {job['attempt']}: running"
    elif job["status"] == "queued":
        yield "waiting", at, now, "waiting"
    elif not job["attempts"]:
        yield "waiting", at, moment(job["finished_at"]) or at, "waited, and never ran"
