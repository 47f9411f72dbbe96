"""The job type `webhook.deliver`: tells one endpoint of one event, as Standard Webhooks has it.

docs/webhooks.md says what each answer does. What it does to the webhook itself, the worker sees to.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import time
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from handlers import outbound
from handlers.outbound.statuses import retry_after
from handlers.outbound.trace import passed_on
from jobs.context import Context, PermanentError, RetryAfter
from jobs.events.model import EventType
from jobs.job.retry import RetryPolicy
from jobs.job_types import job_type
from jobs.webhooks.delivery import WebhookDelivery
from jobs.webhooks.signing import signed_headers

TIMEOUT: Final = timedelta(seconds=20)
EXCERPT_BYTES: Final = 200
MOST_BYTES: Final = 1024 * 1024
"""So much of an answer is read to see that it came whole."""
THROTTLE_SECONDS: Final = 60.0
"""How long an overloaded receiver is left in peace where it does not say so itself."""

SECOND, MINUTE, HOUR = 1.0, 60.0, 3600.0
RETRY: Final = RetryPolicy(
    max_attempts=8,
    delays_seconds=(
        5 * SECOND,
        5 * MINUTE,
        30 * MINUTE,
        2 * HOUR,
        5 * HOUR,
        10 * HOUR,
        10 * HOUR,
    ),
)
"""28 hours, and up to a fifth more."""

_OVERLOADED: Final = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
)


class WebhookAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: Annotated[int, Meta(description="What the receiver answered: 200 to 299.")]
    elapsed_ms: Annotated[int, Meta(ge=0, description="How long this attempt's call took.")]


class Gone(PermanentError):
    """410: the receiver wants nothing more, now or ever."""


class Throttled(RetryAfter):
    """429, 502, 504: the receiver has too much to do."""


@job_type(
    "webhook.deliver",
    example=WebhookDelivery(
        event="evt_0123456789abcdef0123456789abcdef",
        event_type=EventType.JOB_SUCCEEDED,
        body="{}",
        webhook="0123456789abcdef0123456789abcdef",
    ),
    timeout=TIMEOUT + timedelta(seconds=10),
    retry=RETRY,
    internal=True,
)
def deliver(payload: WebhookDelivery, ctx: Context) -> WebhookAnswer:
    """Send the event's body, signed for this attempt, until the receiver answers 2xx."""
    if payload.endpoint is None:
        raise PermanentError("The worker did not say where to send this.")
    started = time.monotonic()
    body = payload.body.encode()
    with outbound.request(
        ctx,
        payload.endpoint.url,
        method="POST",
        headers={
            "Content-Type": "application/json",
            "traceparent": passed_on(ctx.traceparent),
            **signed_headers(payload.endpoint.secrets, payload.event, ctx.now(), body),
        },
        body=body,
        timeout=TIMEOUT,
        only_https=True,
    ) as response:
        excerpt = response.read(EXCERPT_BYTES)
        # Delivered is what a whole answer says, as far as anybody would read one.
        response.read(MOST_BYTES)
    if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        raise _refusal(response, excerpt, ctx.now())
    return WebhookAnswer(
        status=response.status, elapsed_ms=round((time.monotonic() - started) * 1000)
    )


def _refusal(response: outbound.Response, excerpt: bytes, now: datetime) -> Exception:
    """Whatever is no 2xx is tried again, but 410; later, where the receiver asks for it."""
    message = str(outbound.refusal(response, excerpt, now))
    if response.status == HTTPStatus.GONE:
        return Gone(message)
    asked = retry_after(response.headers.get("retry-after", ""), now)
    if asked is not None:
        asked = min(asked, outbound.LONGEST_WAIT_SECONDS)
    if response.status in _OVERLOADED:
        return Throttled(THROTTLE_SECONDS if asked is None else max(asked, 1.0), message)
    if asked is not None:
        return RetryAfter(max(asked, 1.0), message)
    return outbound.RetryableStatus(message)
