"""What an unwelcome status means: another attempt, later or at a given time, or none."""

import re
from datetime import UTC, datetime
from http import HTTPStatus

from handlers.outbound.errors import RetryableStatus
from handlers.outbound.response import Response
from jobs.context import PermanentError, RetryAfter

_RETRYABLE = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
LONGEST_WAIT_SECONDS = 86_400.0
_EXCERPT_BYTES = 200
_READABLE = re.compile(r"text/plain|application/([a-z.+-]+\+)?json", re.IGNORECASE)


def refusal(response: Response, body: bytes, now: datetime) -> Exception:
    """What to raise for an answer that was not the hoped-for one.

    408, 425, 429 and 5xx are retried: when the server's `Retry-After` says, at most a day later
    (RFC 9110, 10.2.3), else by the job type's policy. Anything else is permanent. The message
    shows the beginning of a body in plain text or JSON.
    """
    message = _message(response, body)
    if response.status not in _RETRYABLE and response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return PermanentError(message)
    seconds = retry_after(response.headers.get("retry-after", ""), now)
    if seconds is None:
        return RetryableStatus(message)
    # Never at once: a server that says 0 would be called in a tight loop.
    return RetryAfter(min(max(seconds, 1.0), LONGEST_WAIT_SECONDS), message)


def retry_after(value: str, now: datetime) -> float | None:
    """The seconds that a `Retry-After` header asks for, in either form; None if it has neither."""
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - slow to import

    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError, TypeError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()


def _message(response: Response, body: bytes) -> str:
    text = f"{response.url.host} answered {response.status}"
    excerpt = " ".join(body[:_EXCERPT_BYTES].decode("utf-8", "replace").split())
    if excerpt and _READABLE.match(response.headers.get("content-type", "")):
        return f"{text}: {excerpt}"
    return f"{text}."
