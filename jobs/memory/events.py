"""Events in memory: for tests and for the embedded mode."""

import threading
from collections.abc import Callable
from datetime import datetime

from jobs.events.model import Event


class MemoryEventPublisher:
    """Holds what was published."""

    def __init__(self) -> None:
        self.published: list[Event] = []

    def publish(self, event: Event) -> None:
        self.published.append(event)


class MemoryEventStore:
    """Keeps the promises of `EventStore` for the threads of one process.

    `created` is called with each event that is kept, as Firestore calls its triggers.
    """

    def __init__(self) -> None:
        self._events: dict[str, Event] = {}
        self._lock = threading.Lock()
        self.created: Callable[[Event], None] = lambda _event: None

    def keep(self, event: Event) -> None:
        """For the stores that keep what the event tells of. They call `created` afterwards."""
        with self._lock:
            self._events[event.id] = event

    def get(self, event_id: str) -> Event | None:
        return self._events.get(event_id)

    def due(self, before: datetime, limit: int) -> list[Event]:
        with self._lock:
            found = [event for event in self._events.values() if event.wake_at < before]
        return sorted(found, key=lambda event: (event.wake_at, event.id))[:limit]

    def postpone(self, event: Event, until: datetime) -> None:
        with self._lock:
            if event.id in self._events:
                self._events[event.id] = event.evolve(wake_at=until)

    def delete(self, event_id: str) -> None:
        with self._lock:
            self._events.pop(event_id, None)
