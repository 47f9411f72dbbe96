"""Which of the lines that its handler logged a job keeps."""

from collections.abc import Iterable
from typing import Final

from jobs.job.model import LogLine

LINES_KEPT: Final = 50
MAX_TEXT: Final = 500
MAX_BYTES: Final = 16 * 1024
"""Of all texts in UTF-8. A document has 1 MiB, which payload, result, checkpoint and the errors of
ten attempts may nearly fill."""


def last_number(log: tuple[LogLine, ...]) -> int:
    return log[-1].number if log else 0


def kept_of(log: tuple[LogLine, ...], lines: Iterable[LogLine]) -> tuple[LogLine, ...]:
    """The log with those lines behind it that it has not yet; its oldest make room.

    Adding the same lines again changes nothing: then it is the same object.
    """
    last = last_number(log)
    fresh = tuple(line for line in lines if line.number > last)
    if not fresh:
        return log
    kept = (*log, *fresh)[-LINES_KEPT:]
    room, first = MAX_BYTES, len(kept)
    while first and (room := room - len(kept[first - 1].text.encode())) >= 0:
        first -= 1
    return kept[first:]
