"""Where events wait to be told: the port that `firestore` and `memory` implement.

They are written by `JobStore.save` and `WebhookStore.save`, in the commit of what they tell of.
"""

from datetime import datetime
from typing import Protocol

from jobs.events.model import Event


class EventStore(Protocol):
    """Raises `StoreUnavailable` when it can't be reached in time."""

    def get(self, event_id: str) -> Event | None:
        """The event, or None once it was told. One document read."""
        ...

    def due(self, before: datetime, limit: int) -> list[Event]:
        """At most `limit` events with `wake_at < before`, the longest due first."""
        ...

    def postpone(self, event: Event, until: datetime) -> None:
        """Let the sweep look at it no earlier. An event that is gone stays gone."""
        ...

    def delete(self, event_id: str) -> None:
        """Remove the event, if it is there: it was told."""
        ...
