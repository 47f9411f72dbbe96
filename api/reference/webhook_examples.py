"""Requests about webhooks, and their answers, made by the code that makes the real ones."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from api.webhooks.delivery_resources import DeliveryList, DeliveryResource
from api.webhooks.resources import FreshSecret, WebhookList, WebhookResource, WebhookWithSecret
from jobs.events.message import job_message, webhook_message
from jobs.events.model import DELIVERY, EventType
from jobs.job.model import Attempt, AttemptOutcome, Job, Status
from jobs.webhooks.delivery import WebhookDelivery, owner_of_webhook
from jobs.webhooks.model import Webhook
from jobs.webhooks.signing import SigningSecrets
from jobs.webhooks.webhook_updates import told

_WEBHOOK_ID = "0b9c8f7a6e5f0c6a1e9d3b4c7f8a2e1d"
_EVENT_ID = "evt_1e9d3b4c7f8a2e1d0b9c8f7a6e5f0c6a"
_SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" * 2

BODIES = {
    "create_webhook": {
        "url": "https://shop.example.com/hooks/dormouse",
        "events": ["job.failed"],
        "types": ["http.*"],
    },
    "update_webhook": {"enabled": True},
}


def webhook_answers(job: Job, now: datetime) -> dict[str, Any]:
    """By the names of the views; the deliveries tell of this job."""
    webhook = Webhook(
        id=_WEBHOOK_ID,
        owner=job.owner,
        url="https://shop.example.com/hooks/dormouse",
        created_at=now,
        secrets=SigningSecrets(current=_SECRET).rotated(_SECRET, now),
        events=(EventType.JOB_FAILED,),
        types=("http.*",),
    )
    shown = WebhookResource.of(webhook)
    failed = job.evolve(status=Status.FAILED, attempt=1, finished_at=now)
    message = job_message(_EVENT_ID, EventType.JOB_FAILED, now, failed)
    delivered = _delivery(EventType.JOB_FAILED, message, now)
    waiting = delivered.evolve(status=Status.QUEUED, attempt=0, attempts=(), finished_at=None)
    sent = DeliveryResource.of(delivered)
    test = webhook_message(_EVENT_ID, EventType.WEBHOOK_TEST, now, told(webhook))
    testing = _delivery(EventType.WEBHOOK_TEST, test, now).evolve(
        status=Status.QUEUED, attempt=0, attempts=(), finished_at=None, max_attempts=1
    )
    page = DeliveryList(deliveries=[sent], next_page_token="")
    return {
        "create_webhook": WebhookWithSecret.of(webhook),
        "list_webhooks": WebhookList(webhooks=[shown], next_page_token=""),
        "get_webhook": shown,
        "update_webhook": shown,
        "rotate_webhook_secret": FreshSecret.of(webhook.secrets),
        "rotate_notify_secret": FreshSecret.of(webhook.secrets),
        "test_webhook": DeliveryResource.of(testing),
        "list_deliveries": page,
        "get_delivery": sent,
        "redeliver": DeliveryResource.of(waiting),
        "list_notifications": page,
    }


def _delivery(event_type: EventType, message: str, now: datetime) -> Job:
    delivery = WebhookDelivery(
        event=_EVENT_ID, event_type=event_type, body=message, webhook=_WEBHOOK_ID
    )
    ended = now + timedelta(seconds=0.3)
    return Job(
        id="7c6e5f0c6a1e9d3b4c7f8a2e1d0b9c8f",
        type=DELIVERY,
        owner=owner_of_webhook(_WEBHOOK_ID),
        payload=msgspec.Raw(msgspec.json.encode(delivery)),
        max_attempts=8,
        created_at=now,
        run_at=now,
        status=Status.SUCCEEDED,
        attempt=1,
        finished_at=ended,
        attempts=(
            Attempt(
                number=1,
                started_at=now,
                ended_at=ended,
                outcome=AttemptOutcome.SUCCEEDED,
                worker="dormouse-worker-00042-kez",
            ),
        ),
    )
