"""A delivery: the job of type `webhook.deliver` that tells one endpoint of one event."""

from typing import Annotated

import msgspec
from msgspec import Meta

from jobs.events.model import DELIVERY, Event, EventType
from jobs.job.order import Order
from jobs.job.spec import JobSpec


class Notify(msgspec.Struct, frozen=True, kw_only=True):
    """The URL that a job named, and the principal whose key signs."""

    url: str
    owner: str


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send, and what to sign with. Handed to the handler's process, and kept nowhere."""

    url: str
    secrets: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Endpoint(url={self.url!r})"


class WebhookDelivery(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """What is told, and to whom: a `webhook` by its id, or `notify`.

    `body` is the exact text that is signed and sent. It is a string, and no object, so that nothing
    in it is taken for a reference to a secret. `endpoint` is filled in for the time of an attempt.
    """

    event: Annotated[str, Meta(description="The event's id: the header `webhook-id`.")]
    event_type: Annotated[EventType, Meta(description="What happened.")]
    body: Annotated[str, Meta(description="The exact text that is signed and sent.")]
    webhook: Annotated[str | None, Meta(description="The id of the webhook that is told.")] = None
    notify: Annotated[
        Notify | None, Meta(description="Who is told, if it is the URL that a job named.")
    ] = None
    endpoint: Annotated[
        Endpoint | None, Meta(description="Never kept: the worker fills it in for an attempt.")
    ] = None


def owner_of_webhook(webhook_id: str) -> str:
    """Who owns a webhook's deliveries: nobody who could log in, so that they are in no one's way.

    They are found by it.
    """
    return f"webhook:{webhook_id}"


def owner_of_notification(job_id: str) -> str:
    return f"notify:{job_id}"


def orders_for(event: Event) -> list[Order]:
    """One order for each endpoint that is to be told. The same event makes the same jobs."""
    orders = [
        order_for(
            WebhookDelivery(
                event=event.id, event_type=event.type, body=event.message, webhook=webhook_id
            ),
            owner_of_webhook(webhook_id),
            key=event.id,
            trace=event.trace,
        )
        for webhook_id in event.webhooks
    ]
    if event.notify and event.job_id:
        notify = Notify(url=event.notify, owner=event.owner)
        delivery = WebhookDelivery(
            event=event.id, event_type=event.type, body=event.message, notify=notify
        )
        owner = owner_of_notification(event.job_id)
        orders.append(order_for(delivery, owner, key=event.id, trace=event.trace))
    return orders


def order_for(
    delivery: WebhookDelivery,
    owner: str,
    *,
    key: str | None,
    trace: str | None,
    max_attempts: int | None = None,
) -> Order:
    """The order of one delivery. Under the same key it is made once."""
    return Order(
        spec=JobSpec(
            type=DELIVERY,
            payload=msgspec.Raw(msgspec.json.encode(delivery)),
            max_attempts=max_attempts,
        ),
        owner=owner,
        idempotency_key=key,
        trace=trace,
        internal=True,
    )
