"""What became of one run of a handler, as data."""

import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.context import PermanentError, RetryAfter, encoded, wait_of
from jobs.errors import InvalidRequest
from jobs.job.model import JobError
from jobs.payloads.redaction import lines_without_credentials
from jobs.payloads.strict_json import check_json

MAX_RESULT_BYTES = 256 * 1024
MAX_MESSAGE = 1000
MAX_TRACEBACK = 4000

_SECRETS = re.compile(
    r"(?i)(bearer\s+|basic\s+|://[^/@\s]*:|(?:token|secret|password|api[-_]?key|signature)[\"']?[=:]\s*[\"']?)"
    r"[^\s\"'&@,;]+"
)
_FOLDERS = re.compile(r'File "(?:[^"]*/)?(site-packages/)?([^"/]+/[^"/]+)"')


@dataclass(frozen=True)
class Succeeded:
    """The handler returned. `result` is its JSON text."""

    result: str


@dataclass(frozen=True)
class Failed:
    """The attempt failed. `delay` is the wait that was asked for; None leaves it to the policy."""

    error: JobError
    permanent: bool = False
    delay: timedelta | None = None


@dataclass(frozen=True)
class Paused:
    """The handler goes on later, as the same attempt."""

    delay: timedelta


@dataclass(frozen=True)
class Interrupted:
    """The worker must stop, and has ended the handler. The job goes to another worker."""


@dataclass(frozen=True)
class Dropped:
    """The job is not this attempt's any more; there is nothing to save."""


HandlerOutcome = Succeeded | Failed | Paused | Interrupted | Dropped


def of_result(result: Any) -> Succeeded | Failed:
    """The outcome of a handler that returned this."""
    try:
        text = encoded(result)
    except (TypeError, ValueError, RecursionError) as error:
        return Failed(
            JobError(code="result_invalid", message=f"The result can't be JSON: {error}"),
            permanent=True,
        )
    if len(text) > MAX_RESULT_BYTES:
        message = f"The result has {len(text)} bytes of JSON; at most {MAX_RESULT_BYTES} are kept."
        return Failed(JobError(code="result_too_large", message=message), permanent=True)
    try:
        check_json(text, MAX_RESULT_BYTES, "The result")
    except InvalidRequest as error:
        return Failed(JobError(code="result_invalid", message=str(error)), permanent=True)
    return Succeeded(text.decode())


def redacted(text: str) -> str:
    """The text without what looks like a credential, and without what is no Unicode.

    A file's name may hold what is none, and neither Firestore nor a job message would take it.
    """
    clean = lines_without_credentials(text.encode(errors="replace").decode())
    return _SECRETS.sub(r"\1[redacted]", clean)


def of_exception(error: BaseException, clean: Callable[[str], str] = redacted) -> Failed:
    """The outcome of a handler that raised this. Texts are cleaned before they are cut."""
    permanent = isinstance(error, PermanentError)
    asked = isinstance(error, PermanentError | RetryAfter)
    described = JobError(
        code="permanent_error" if permanent else "handler_error",
        message=clean(_text(error))[:MAX_MESSAGE] or type(error).__name__,
        type=type(error).__name__,
        traceback=None if asked else _trace(error, clean),
    )
    return Failed(described, permanent=permanent, delay=_delay(error))


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - an exception's own code may fail too
        return f"It raised {type(error).__name__}, whose text can't be had."


def _delay(error: BaseException) -> timedelta | None:
    """The wait that was asked for. A subclass may have left it out, or put anything there."""
    if not isinstance(error, RetryAfter):
        return None
    try:
        return timedelta(seconds=wait_of(error.seconds))
    except (AttributeError, TypeError, ValueError):
        return None


def _trace(error: BaseException, clean: Callable[[str], str]) -> str:
    """The last frames, without this machine's folders and without values."""
    try:
        text = "".join(traceback.format_exception(error, limit=-8))
    except Exception:  # noqa: BLE001 - an exception's own code may fail too
        return "It has no traceback that could be written."
    return clean(_FOLDERS.sub(r'File "\2"', text))[-MAX_TRACEBACK:]
