"""Webhooks in memory: for tests and for the embedded mode."""

import threading

from jobs.errors import VersionConflict
from jobs.events.model import Event
from jobs.job.store import Cursor
from jobs.memory.events import MemoryEventStore
from jobs.memory.versioned import Versioned, newest_first
from jobs.webhooks.model import MAX_OF_OWNER, NotifyKey, Webhook, too_many


class MemoryWebhookStore:
    """Keeps the promises of `WebhookStore` for the threads of one process."""

    def __init__(self, events: MemoryEventStore) -> None:
        self._events = events
        self._webhooks: Versioned[Webhook] = Versioned()
        self._keys: Versioned[NotifyKey] = Versioned()
        self._lock = threading.Lock()

    def create(self, webhook: Webhook, most: int = MAX_OF_OWNER) -> Webhook:
        with self._lock:
            if webhook.id in self._webhooks:
                raise VersionConflict
            if sum(one.owner == webhook.owner for one in self._webhooks.all()) >= most:
                raise too_many(most)
            return self._webhooks.keep(webhook)

    def get(self, webhook_id: str) -> Webhook | None:
        return self._webhooks.get(webhook_id)

    def save(self, webhook: Webhook, before: Webhook, event: Event | None = None) -> Webhook:
        with self._lock:
            self._webhooks.expect(webhook.id, before.version)
            kept = self._webhooks.keep(webhook)
            if event:
                self._events.keep(event)
        if event:
            self._events.created(event)
        return kept

    def delete(self, webhook: Webhook) -> None:
        with self._lock:
            self._webhooks.delete(webhook.id, webhook.version)

    def list_webhooks(
        self, limit: int, after: Cursor | None = None, *, owner: str | None = None
    ) -> list[Webhook]:
        with self._lock:
            found = [one for one in self._webhooks.all() if owner in (None, one.owner)]
        return newest_first(found, limit, after)

    def list_enabled(self, limit: int, *, owner: str | None = None) -> list[Webhook]:
        with self._lock:
            enabled = [one for one in self._webhooks.all() if one.enabled]
        found = [one for one in enabled if owner in (None, one.owner)]
        return newest_first(found, limit)

    def notify_key(self, owner: str) -> NotifyKey | None:
        return self._keys.get(NotifyKey.id_of(owner))

    def keep_notify_key(self, key: NotifyKey, before: NotifyKey | None) -> NotifyKey:
        with self._lock:
            if before:
                self._keys.expect(key.id, before.version)
            elif key.id in self._keys:
                raise VersionConflict
            return self._keys.keep(key)
