"""Webhooks in Firestore."""

from collections.abc import Callable
from typing import Any

from jobs.errors import VersionConflict
from jobs.events.model import Event
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.events import event_write
from jobs.gcp.firestore.queries import add_condition, query_of
from jobs.gcp.firestore.quotas import Quotas
from jobs.gcp.firestore.reading import newest
from jobs.gcp.firestore.records import Records
from jobs.job.model import NO_VERSION
from jobs.job.store import Cursor
from jobs.webhooks.model import MAX_OF_OWNER, NotifyKey, Webhook, too_many

COLLECTION = "webhooks"
KEYS = "notify_keys"
QUOTAS = "webhook_quotas"


class FirestoreWebhookStore:
    """Keeps the promises of `WebhookStore` in one Firestore database."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore
        self._webhooks = Records(firestore, COLLECTION, Webhook)
        self._keys = Records(firestore, KEYS, NotifyKey)
        self._quotas = Quotas(firestore, QUOTAS, self._held_by)

    def create(self, webhook: Webhook, most: int = MAX_OF_OWNER) -> Webhook:
        write = self._webhooks.change(webhook, NO_VERSION)
        version = self._quotas.create(
            webhook.owner, write, most, too_many=too_many(most), taken=VersionConflict()
        )
        return webhook.evolve(version=version)

    def get(self, webhook_id: str) -> Webhook | None:
        return self._webhooks.get(webhook_id)

    def save(self, webhook: Webhook, before: Webhook, event: Event | None = None) -> Webhook:
        beside = [event_write(self._firestore, event)] if event else []
        return self._webhooks.save(webhook, before.version, beside)

    def delete(self, webhook: Webhook) -> None:
        self._quotas.delete(webhook.owner, self._webhooks.name(webhook.id), webhook.version)

    def list_webhooks(
        self, limit: int, after: Cursor | None = None, *, owner: str | None = None
    ) -> list[Webhook]:
        def query(number: int) -> Any:
            made = query_of(COLLECTION, number)
            if owner is not None:
                add_condition(made, "owner", "EQUAL", owner)
            return made

        return self._newest(query, limit, after)

    def list_enabled(self, limit: int, *, owner: str | None = None) -> list[Webhook]:
        def query(number: int) -> Any:
            made = query_of(COLLECTION, number)
            if owner is not None:
                add_condition(made, "owner", "EQUAL", owner)
            add_condition(made, "enabled", "EQUAL", value=True)
            return made

        return self._newest(query, limit, None)

    def _held_by(self, owner: str, limit: int) -> list[str]:
        return [one.id for one in self.list_webhooks(limit, owner=owner)]

    def _newest(
        self, query: Callable[[int], Any], limit: int, after: Cursor | None
    ) -> list[Webhook]:
        return newest(
            self._firestore,
            query,
            self._webhooks.record_of,
            limit=limit,
            after=after,
            name_of=self._webhooks.name,
        )

    def notify_key(self, owner: str) -> NotifyKey | None:
        return self._keys.get(NotifyKey.id_of(owner))

    def keep_notify_key(self, key: NotifyKey, before: NotifyKey | None) -> NotifyKey:
        if before is None:
            return self._keys.create(key)
        return self._keys.save(key, before.version)
