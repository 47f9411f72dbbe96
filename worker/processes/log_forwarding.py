"""What a handler says through `context.log`, on its way from its process to the job."""

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from jobs.context import Cancelled, Link
from jobs.job.job_log import MAX_TEXT


class ToLink(logging.Handler):
    """Takes every record to the attempt's link, as text without what `clean` takes out.

    Of an exception its type and its own words stay: the whole trace is in the service's log.
    """

    def __init__(self, link: Link, clean: Callable[[str], str]) -> None:
        super().__init__()
        self._link = link
        self._clean = clean

    def emit(self, record: logging.LogRecord) -> None:
        # Nobody listens any more to an attempt that has lost its job, and it need not know here.
        with suppress(Cancelled, OSError, EOFError):
            try:
                text = self._clean(_text(record))[:MAX_TEXT]
            except Exception:  # noqa: BLE001 - such as arguments that don't fit their format
                self.handleError(record)
                return
            self._link.say(datetime.fromtimestamp(record.created, UTC), record.levelname, text)


def _text(record: logging.LogRecord) -> str:
    error = record.exc_info[1] if record.exc_info else None
    return record.getMessage() + (f" ({type(error).__name__}: {error})" if error else "")


def logger_for(
    job_id: str, link: Link, clean: Callable[[str], str]
) -> logging.LoggerAdapter[logging.Logger]:
    """One attempt's logger: what it logs goes to the service's log, and to the link."""
    shared = logging.getLogger("dormouse.handler")
    # Known to nobody else, so that attempts in one process don't hear each other.
    own = logging.Logger(shared.name)  # noqa: LOG001 - see above
    own.parent = shared
    own.addHandler(ToLink(link, clean))
    return logging.LoggerAdapter(own, {"job": job_id})
