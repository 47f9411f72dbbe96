from datetime import UTC, datetime, timedelta

import pytest

from handlers.outbound import Response, RetryableStatus, refusal
from handlers.outbound.statuses import retry_after
from handlers.outbound.url import Url
from jobs.context import PermanentError, RetryAfter

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def refused(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Exception:
    response = Response(
        url=Url.parse("https://api.test/a?key=1"),
        status=status,
        headers=headers or {},
        read_decoded=lambda _count: b"",
    )
    return refusal(response, body, NOW)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
def test_some_statuses_are_worth_another_attempt(status: int) -> None:
    """408, 425, 429 and 5xx are retried by the job type's policy."""
    assert type(refused(status)) is RetryableStatus


@pytest.mark.parametrize("status", [101, 204, 301, 304, 400, 401, 403, 404, 409, 422, 451, 499])
def test_the_others_are_for_good(status: int) -> None:
    """Any other status fails the job at once, whatever it says of retrying."""
    assert type(refused(status, {"retry-after": "1"})) is PermanentError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 3 ", 3.0),
        ("0", 0.0),
        ("Wed, 04 Mar 2026 05:07:07 GMT", 60.0),
        ("Wednesday, 04-Mar-26 05:07:07 GMT", 60.0),
        ("Wed Mar  4 05:07:07 2026", 60.0),
        ("Wed, 04 Mar 2026 06:07:07 +0100", 60.0),
        ("Wed, 04 Mar 2026 05:05:07 GMT", -60.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("\u0661\u0662", None),
        ("Wed, 99 Mar 2026 05:07:07 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    """Every form of RFC 9110, 10.2.3 and 5.6.7 is read; anything else counts as absent."""
    assert retry_after(value, NOW) == seconds


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), ("0", 1.0), ("9" * 400, 86_400.0), ("Wed, 04 Mar 2026 05:05:07 GMT", 1.0)],
)
def test_the_wait_that_a_server_asks_for_is_obeyed(value: str, seconds: float) -> None:
    """Between a second, which keeps a zero from a tight loop, and a day."""
    error = refused(429, {"retry-after": value})

    assert isinstance(error, RetryAfter)
    assert timedelta(seconds=error.seconds) == timedelta(seconds=seconds)


def test_the_message_says_what_the_server_said() -> None:
    """Host, status, and the beginning of a readable body; nothing of the URL's query."""
    json = {"content-type": "application/problem+json"}
    html = {"content-type": "text/html"}

    assert str(refused(422, json, b'{"detail":\n "no"}')) == (
        'api.test answered 422: {"detail": "no"}'
    )
    assert str(refused(503, html, b"<html>")) == "api.test answered 503."
    assert str(refused(404)) == "api.test answered 404."
    assert len(str(refused(500, json, b"x" * 10_000))) < 300
