"""Webhooks in memory: for tests and for the embedded mode."""

import itertools
import threading

import msgspec

from jobs.errors import VersionConflict
from jobs.events.memory import MemoryEventStore
from jobs.events.model import Event
from jobs.model import Version
from jobs.store import Cursor
from jobs.webhooks.model import NotifyKey, Webhook


class MemoryWebhookStore:
    """Keeps the promises of `WebhookStore` for the threads of one process."""

    def __init__(self, events: MemoryEventStore) -> None:
        self._events = events
        self._webhooks: dict[str, Webhook] = {}
        self._keys: dict[str, NotifyKey] = {}
        self._versions = itertools.count(1)
        self._lock = threading.Lock()

    def create(self, webhook: Webhook) -> Webhook:
        with self._lock:
            if webhook.id in self._webhooks:
                raise VersionConflict
            return self._keep(webhook)

    def get(self, webhook_id: str) -> Webhook | None:
        return self._webhooks.get(webhook_id)

    def save(self, webhook: Webhook, before: Webhook, event: Event | None = None) -> Webhook:
        with self._lock:
            self._expect(webhook.id, before.version)
            kept = self._keep(webhook)
            if event:
                self._events.keep(event)
        if event:
            self._events.created(event)
        return kept

    def delete(self, webhook_id: str, if_version: Version) -> None:
        with self._lock:
            self._expect(webhook_id, if_version)
            del self._webhooks[webhook_id]

    def list_webhooks(
        self, limit: int, after: Cursor | None = None, *, owner: str | None = None
    ) -> list[Webhook]:
        with self._lock:
            found = [one for one in self._webhooks.values() if owner in (None, one.owner)]
        found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        if after:
            place = (after.created_at, after.id)
            found = [one for one in found if (one.created_at, one.id) < place]
        return found[:limit]

    def list_enabled(self, limit: int) -> list[Webhook]:
        return [one for one in self.list_webhooks(len(self._webhooks)) if one.enabled][:limit]

    def notify_key(self, owner: str) -> NotifyKey | None:
        return self._keys.get(owner)

    def keep_notify_key(self, key: NotifyKey, before: NotifyKey | None) -> NotifyKey:
        with self._lock:
            there = self._keys.get(key.owner)
            if (there and there.version) != (before and before.version):
                raise VersionConflict
            kept = msgspec.structs.replace(key, version=self._next_version())
            self._keys[key.owner] = kept
            return kept

    def _expect(self, webhook_id: str, version: Version) -> None:
        kept = self._webhooks.get(webhook_id)
        if kept is None or kept.version != version:
            raise VersionConflict

    def _keep(self, webhook: Webhook) -> Webhook:
        kept = webhook.evolve(version=self._next_version())
        self._webhooks[webhook.id] = kept
        return kept

    def _next_version(self) -> Version:
        return Version(str(next(self._versions)))
