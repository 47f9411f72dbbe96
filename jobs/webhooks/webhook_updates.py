"""Webhooks whose switching off is told: to the log, and to their owner's other webhooks."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from jobs.events.message import WebhookSnapshot, webhook_message
from jobs.events.model import GRACE, KEPT_FOR, Event, EventType, event_id
from jobs.telemetry.log import log_fields
from jobs.webhooks.listeners import Listeners
from jobs.webhooks.model import DisabledReason, Webhook
from jobs.webhooks.store import WebhookStore


@dataclass(frozen=True, kw_only=True)
class WebhookChanges:
    """What `jobs.job.change.change` takes for webhooks; every change of one goes through here.

    The event is written in the commit of what it tells of. A webhook that its owner switched off
    makes none.
    """

    store: WebhookStore
    listeners: Listeners
    now: Callable[[], datetime]

    def get(self, webhook_id: str, /) -> Webhook | None:
        return self.store.get(webhook_id)

    def save(self, webhook: Webhook, /, before: Webhook) -> Webhook:
        kept = self.store.save(webhook, before, self._event(webhook, before))
        self.listeners.forget()
        if kept.disabled_reason is not before.disabled_reason:
            _log(kept)
        return kept

    def _event(self, webhook: Webhook, before: Webhook) -> Event | None:
        by_itself = webhook.disabled_reason is not DisabledReason.BY_OWNER
        if webhook.enabled or not before.enabled or not by_itself:
            return None
        kind = EventType.WEBHOOK_DISABLED
        others = self.listeners.of_webhook(kind, webhook)
        if not others:
            return None
        now, own_id = self.now(), event_id(webhook.id, before.version)
        return Event(
            id=own_id,
            type=kind,
            owner=webhook.owner,
            created_at=now,
            message=webhook_message(own_id, kind, now, told(webhook)),
            wake_at=now + GRACE,
            expire_at=now + KEPT_FOR,
            webhooks=others,
        )


def told(webhook: Webhook) -> WebhookSnapshot:
    """What others may know of a webhook."""
    return WebhookSnapshot(
        id=webhook.id,
        url=webhook.url,
        enabled=webhook.enabled,
        disabled_reason=webhook.disabled_reason,
        failing_since=webhook.failing_since,
    )


def _log(webhook: Webhook) -> None:
    log_fields(
        "webhook.enabled" if webhook.enabled else "webhook.disabled",
        level=logging.INFO if webhook.enabled else logging.WARNING,
        webhook=webhook.id,
        owner=webhook.owner,
        reason=webhook.disabled_reason,
        failing_since=webhook.failing_since,
    )
