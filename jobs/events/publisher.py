"""Where the ends of all jobs go: the port that `pubsub` and `memory` implement."""

from typing import Protocol

from jobs.events.model import Event


class EventPublisher(Protocol):
    def publish(self, event: Event) -> None:
        """Returns once the topic has the event's message. Raises `QueueUnavailable`."""
        ...


def attributes_of(event: Event) -> dict[str, str]:
    """What subscriptions can filter by.

    https://cloud.google.com/pubsub/docs/subscription-message-filter
    """
    known = {
        "version": "1",
        "id": event.id,
        "type": event.type.value,
        "owner": event.owner,
        "job_id": event.job_id,
        "job_type": event.job_type,
    }
    return {name: value for name, value in known.items() if value is not None}
