"""The JSON of deliveries: jobs of the type `webhook.deliver`, as a webhook's owner sees them."""

from typing import Annotated, Self

import msgspec
from msgspec import UNSET, Meta, UnsetType

from api.http.values import JOB_ID_PATTERN, MAX_PAGE_SIZE, PageToken
from api.jobs.resources import AttemptResource, Moment
from jobs.events.model import EventType
from jobs.job.model import Job, Status
from jobs.webhooks.delivery import WebhookDelivery

DeliveryId = Annotated[
    str,
    Meta(
        pattern=JOB_ID_PATTERN,
        description="The delivery's `id`.",
        examples=["7c6e5f0c6a1e9d3b4c7f8a2e1d0b9c8f"],
    ),
]


class DeliveriesQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    status: Annotated[Status | UnsetType, Meta(description="Only deliveries in this status.")] = (
        UNSET
    )
    page_size: Annotated[
        int, Meta(ge=1, le=MAX_PAGE_SIZE, description="How many deliveries a page has at most.")
    ] = 50
    page_token: PageToken = ""


class DeliveryResource(msgspec.Struct, frozen=True, kw_only=True):
    """One event on its way to one URL."""

    id: Annotated[str, Meta(description="32 hexadecimal digits.")]
    event_id: Annotated[
        str, Meta(description="The header `webhook-id`: the same in every delivery of the event.")
    ]
    event_type: EventType
    status: Annotated[
        Status, Meta(description="`queued` until it is tried, or tried again; `succeeded` on 2xx.")
    ]
    attempt: Annotated[int, Meta(description="The current attempt, or the number made so far.")]
    max_attempts: int
    attempts: Annotated[
        tuple[AttemptResource, ...], Meta(description="What came of them, and what was answered.")
    ]
    body: Annotated[str, Meta(description="What is sent, byte for byte.")]
    created_at: Moment
    next_attempt_at: Annotated[Moment | None, Meta(description="Null if none is to come.")]
    finished_at: Moment | None

    @classmethod
    def of(cls, job: Job) -> Self:
        delivery = delivery_of(job)
        return cls(
            **{name: getattr(job, name) for name in _AS_THEY_ARE},
            event_id=delivery.event,
            event_type=delivery.event_type,
            attempts=tuple(AttemptResource.of(one, traceback=False) for one in job.attempts),
            body=delivery.body,
            next_attempt_at=job.run_at if job.status is Status.QUEUED else None,
        )


class DeliveryList(msgspec.Struct, frozen=True, kw_only=True):
    """A page of deliveries, newest first."""

    deliveries: list[DeliveryResource]
    next_page_token: Annotated[str, Meta(description="Empty on the last page.")]


def delivery_of(job: Job) -> WebhookDelivery:
    return msgspec.json.decode(job.payload, type=WebhookDelivery)


_MADE = {"event_id", "event_type", "attempts", "body", "next_attempt_at"}
_AS_THEY_ARE = tuple(name for name in DeliveryResource.__struct_fields__ if name not in _MADE)
