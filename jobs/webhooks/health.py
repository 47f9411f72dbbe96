"""How a webhook is doing, from what its receiver answers. Pure.

Each function returns the webhook itself where nothing changes, so that nothing is written.
"""

from datetime import datetime, timedelta
from typing import Final

from jobs.webhooks.model import DisabledReason, Webhook

SWITCHED_OFF_AFTER: Final = timedelta(days=5)
MOST_WAITING: Final = 1000
"""Deliveries that may wait for a receiver that fails. Each is tried for more than a day."""
LONGEST_THROTTLE: Final = timedelta(hours=1)
"""So that one absurd `Retry-After` does not silence a webhook for days."""


def succeeded(webhook: Webhook) -> Webhook:
    """A delivery arrived."""
    if webhook.failing_since is None and webhook.throttled_until is None:
        return webhook
    return webhook.evolve(failing_since=None, throttled_until=None)


def failed(webhook: Webhook, now: datetime, *, last: bool, waiting: int = 0) -> Webhook:
    """An attempt failed; `last` says that its delivery is given up.

    Where a delivery is given up after days of nothing but failure, or too many wait behind it, the
    webhook is switched off.
    """
    if webhook.failing_since is None:
        return webhook.evolve(failing_since=now)
    if webhook.enabled and waiting >= MOST_WAITING:
        return switched_off(webhook, DisabledReason.BACKLOG)
    if last and webhook.enabled and now - webhook.failing_since >= SWITCHED_OFF_AFTER:
        return switched_off(webhook, DisabledReason.FAILING)
    return webhook


def throttled(webhook: Webhook, now: datetime, wait: timedelta) -> Webhook:
    """The receiver has too much to do: nothing is sent for so long."""
    until = now + min(wait, LONGEST_THROTTLE)
    if webhook.throttled_until and webhook.throttled_until > now:
        return webhook
    return webhook.evolve(throttled_until=until)


def gone(webhook: Webhook) -> Webhook:
    """The receiver wants nothing more (410)."""
    return switched_off(webhook, DisabledReason.GONE) if webhook.enabled else webhook


def switched_off(webhook: Webhook, reason: DisabledReason) -> Webhook:
    return webhook.evolve(enabled=False, disabled_reason=reason)


def switched_on(webhook: Webhook) -> Webhook:
    """As new: what failed before is forgotten."""
    return webhook.evolve(
        enabled=True, disabled_reason=None, failing_since=None, throttled_until=None
    )
