"""From an event to the jobs that tell of it, one for each endpoint, and to the events topic."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.dispatch.submit import Submitter
from jobs.errors import DormouseError, UndecodableEvent
from jobs.events.model import Event
from jobs.events.publisher import EventPublisher
from jobs.events.store import EventStore
from jobs.gcp.firestore.changes import DocumentChange
from jobs.gcp.firestore.events import COLLECTION
from jobs.telemetry.log import log_fields
from jobs.webhooks.delivery import orders_for
from worker.events.cloud_events import CloudEvent

LIMIT = 200
"""How many events one sweep sees to at most."""
NEXT_TRY = timedelta(hours=1)
"""When an event is looked at again that failed for a reason that does not pass by itself."""


def event_named_in(told: CloudEvent) -> str:
    """The id of the event whose document was created. Raises `UndecodableEvent`."""
    path = told.data.path if isinstance(told.data, DocumentChange) else ""
    collection, _, event_id = path.partition("/")
    if collection != COLLECTION or not event_id:
        raise UndecodableEvent(f"This is no event of Dormouse's own: {told.type} of {path!r}.")
    return event_id


@dataclass(frozen=True, kw_only=True)
class FanOut:
    """Tells events. Safe to repeat, and to die in at any point: an event goes when it is told.

    The id of a delivery derives from event and endpoint, so each is made once. What goes to the
    topic may go there twice, under the same event id.
    """

    events: EventStore
    submitter: Submitter
    publisher: EventPublisher | None
    now: Callable[[], datetime]

    def tell(self, event_id: str) -> None:
        """Tell the event, unless that was done.

        Raises `StoreUnavailable`, `QueueUnavailable`: then it must be asked for again.
        """
        event = self.events.get(event_id)
        if event:
            self._tell(event)

    def sweep(self) -> int:
        """Tell the events that nobody has told in time. Returns how many were told. Never raises.

        What can't be told now waits for the next sweep; it holds nothing else up.
        """
        told = 0
        try:
            for event in self.events.due(self.now(), LIMIT):
                told += self._tried(event)
        except DormouseError as error:
            log_fields("event.sweep_failed", level=logging.WARNING, reason=str(error))
        return told

    def _tried(self, event: Event) -> bool:
        try:
            self._tell(event)
        except DormouseError as error:
            log_fields(
                "event.dispatch_failed",
                level=logging.ERROR,
                id=event.id,
                code=error.code,
                reason=str(error),
            )
            if not error.retryable:
                self.events.postpone(event, self.now() + NEXT_TRY)
            return False
        return True

    def _tell(self, event: Event) -> None:
        orders = orders_for(event)
        for order in orders:
            self.submitter.submit(order)
        if event.publish and self.publisher:
            self.publisher.publish(event)
        self.events.delete(event.id)
        log_fields(
            "event.told",
            id=event.id,
            type=event.type,
            job=event.job_id,
            deliveries=len(orders),
            published=bool(event.publish and self.publisher),
        )
