"""What was sent to a webhook and to a job's own URL, a test to it, and sending again."""

from flask import Blueprint, g
from msgspec import UNSET

from api.auth.lookup import existing, readable_job
from api.dependencies import deps
from api.http.errors import MethodNotAllowed
from api.http.operation import Operation
from api.http.paging import cursor_of, next_page_token
from api.http.values import JobId
from api.limits import submissions as limits
from api.webhooks.delivery_resources import (
    DeliveriesQuery,
    DeliveryId,
    DeliveryList,
    DeliveryResource,
    delivery_of,
)
from api.webhooks.requests import WebhookId
from api.webhooks.routes import TAG, changeable_webhook, readable_webhook
from jobs.errors import InvalidPageToken, JobNotFound, StoreUnavailable, TransitionRefused
from jobs.events.message import webhook_message
from jobs.events.model import EventType, event_id
from jobs.job.model import Job
from jobs.job.order import Order
from jobs.job.store import Filter, fills_a_page
from jobs.webhooks.delivery import (
    WebhookDelivery,
    order_for,
    owner_of_notification,
    owner_of_webhook,
)
from jobs.webhooks.model import DeliveryNotFound, WebhookNotFound
from jobs.webhooks.webhook_updates import told

routes = Blueprint("deliveries", __name__)


@routes.post("/v1/webhooks/<job_id:webhook_id>:test")
@Operation(
    summary="Test a webhook",
    tag=TAG,
    answer=DeliveryResource,
    status=202,
    problems=(WebhookNotFound, *limits.PROBLEMS, StoreUnavailable),
)
def test_webhook(webhook_id: WebhookId) -> DeliveryResource:
    """Sends it the event `webhook.test`, once, whatever it hears otherwise and if it is off too.

    The delivery says what came of it.
    """
    webhook = changeable_webhook(webhook_id)
    now, kind = deps().runtime.now(), EventType.WEBHOOK_TEST
    own_id = event_id(webhook.id, deps().runtime.new_id())
    body = webhook_message(own_id, kind, now, told(webhook))
    delivery = WebhookDelivery(event=own_id, event_type=kind, body=body, webhook=webhook.id)
    order = order_for(
        delivery, owner_of_webhook(webhook.id), key=None, trace=g.traceparent, max_attempts=1
    )
    return _sent(order)


@routes.get("/v1/webhooks/<job_id:webhook_id>/deliveries")
@Operation(
    summary="List a webhook's deliveries",
    tag=TAG,
    query=DeliveriesQuery,
    answer=DeliveryList,
    problems=(WebhookNotFound, InvalidPageToken, StoreUnavailable),
)
def list_deliveries(webhook_id: WebhookId, query: DeliveriesQuery) -> DeliveryList:
    """Newest first. They are kept for 30 days after they ended."""
    return _page(owner_of_webhook(readable_webhook(webhook_id).id), query)


@routes.get("/v1/webhooks/<job_id:webhook_id>/deliveries/<job_id:delivery_id>")
@Operation(
    summary="Get a delivery",
    tag=TAG,
    answer=DeliveryResource,
    problems=(WebhookNotFound, DeliveryNotFound, MethodNotAllowed, StoreUnavailable),
)
def get_delivery(webhook_id: WebhookId, delivery_id: DeliveryId) -> DeliveryResource:
    """What was sent, when, and what was answered."""
    return DeliveryResource.of(_find(readable_webhook(webhook_id).id, delivery_id))


@routes.post("/v1/webhooks/<job_id:webhook_id>/deliveries/<job_id:delivery_id>:redeliver")
@Operation(
    summary="Redeliver",
    tag=TAG,
    answer=DeliveryResource,
    status=202,
    problems=(
        WebhookNotFound,
        DeliveryNotFound,
        TransitionRefused,
        *limits.PROBLEMS,
        StoreUnavailable,
    ),
)
def redeliver(webhook_id: WebhookId, delivery_id: DeliveryId) -> DeliveryResource:
    """Sends the same event again, in a delivery of its own and under the same `webhook-id`.

    Only what has ended can be sent again.
    """
    webhook = changeable_webhook(webhook_id)
    job = _find(webhook.id, delivery_id)
    if not job.is_terminal:
        raise TransitionRefused(f"The delivery is {job.status}; it will be tried by itself.")
    return _sent(order_for(delivery_of(job), job.owner, key=None, trace=g.traceparent))


@routes.get("/v1/jobs/<job_id:job_id>/deliveries")
@Operation(
    summary="List a job's notifications",
    tag=TAG,
    query=DeliveriesQuery,
    answer=DeliveryList,
    problems=(JobNotFound, InvalidPageToken, StoreUnavailable),
)
def list_notifications(job_id: JobId, query: DeliveriesQuery) -> DeliveryList:
    """What was sent to the URL that the job named by `notify`, newest first."""
    return _page(owner_of_notification(readable_job(job_id).id), query)


def _page(owner: str, query: DeliveriesQuery) -> DeliveryList:
    where = Filter(owner=owner, status=None if query.status is UNSET else query.status)
    jobs = deps().store.list_jobs(where, query.page_size, cursor_of(query.page_token, where))
    return DeliveryList(
        deliveries=[DeliveryResource.of(job) for job in jobs],
        next_page_token=next_page_token(jobs, query.page_size, where, is_cut=fills_a_page(jobs)),
    )


def _find(webhook_id: str, delivery_id: str) -> Job:
    job = existing(delivery_id, deps().store.get, DeliveryNotFound)
    if job.owner != owner_of_webhook(webhook_id):
        raise DeliveryNotFound
    return job


def _sent(order: Order) -> DeliveryResource:
    limits.count_submissions(1)
    return DeliveryResource.of(deps().submitter.submit(order).job)
