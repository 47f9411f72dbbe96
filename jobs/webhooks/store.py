"""Where webhooks are kept: the port that `firestore` and `memory` implement."""

from typing import Protocol

from jobs.events.model import Event
from jobs.job.store import Cursor
from jobs.webhooks.model import MAX_OF_OWNER, NotifyKey, Webhook


class WebhookStore(Protocol):
    """Durable, strongly consistent, and changed by compare-and-set only.

    Every method raises `StoreUnavailable` when the store can't be reached in time.
    """

    def create(self, webhook: Webhook, most: int = MAX_OF_OWNER) -> Webhook:
        """Keep a new webhook and return it with its version.

        Its owner never has more than `most`, however many are made at once. Raises
        `TooManyWebhooks`, `VersionConflict`.
        """
        ...

    def get(self, webhook_id: str) -> Webhook | None:
        """The webhook as it is now. One document read."""
        ...

    def save(self, webhook: Webhook, before: Webhook, event: Event | None = None) -> Webhook:
        """Keep `webhook` if it still is in the version of `before`, and the event, or neither.

        Raises `VersionConflict`, also when it is gone.
        """
        ...

    def delete(self, webhook: Webhook) -> None:
        """Remove this version of the webhook. Raises `VersionConflict`."""
        ...

    def list_webhooks(
        self, limit: int, after: Cursor | None = None, *, owner: str | None = None
    ) -> list[Webhook]:
        """At most `limit` webhooks, newest first, ties by id downwards."""
        ...

    def list_enabled(self, limit: int, *, owner: str | None = None) -> list[Webhook]:
        """At most `limit` that are switched on, of everybody or one owner, newest first."""
        ...

    def notify_key(self, owner: str) -> NotifyKey | None:
        """The key of this principal's notifications, if it has one. One document read."""
        ...

    def keep_notify_key(self, key: NotifyKey, before: NotifyKey | None) -> NotifyKey:
        """Keep the key if what there is still is `before`, or nothing. Raises `VersionConflict`."""
        ...
