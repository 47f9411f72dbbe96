"""Runs deliveries: finds where they go and what signs them, and keeps the webhook's health.

The handler's process gets URL and secrets for one attempt; no job, job message or log has them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import msgspec

from handlers.webhook_deliver import RETRY, Gone, Throttled
from jobs.errors import DormouseError, StoreUnavailable, VersionConflict
from jobs.events.model import DELIVERY, EventType
from jobs.job.change import change
from jobs.job.model import JobError
from jobs.runtime import Runtime
from jobs.telemetry.log import log_fields
from jobs.webhooks import health
from jobs.webhooks.delivery import Endpoint, WebhookDelivery
from jobs.webhooks.keys import notify_key
from jobs.webhooks.model import Webhook, WebhookNotFound
from jobs.webhooks.webhook_updates import WebhookChanges
from worker.attempts.outcome import Failed, HandlerOutcome, Paused, Succeeded
from worker.processes.run import Hold, Runner, Task

SPREAD_SECONDS = 10.0
"""Deliveries that waited out a receiver's pause start again within so long, not all at once."""
STORE_WAIT = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class DeliveryRunner:
    """A `Runner` that prepares deliveries for another one, and passes everything else on.

    One document read for a delivery; a write only where the webhook's health changes, and a count
    now and then while it fails.
    """

    inner: Runner
    webhooks: WebhookChanges
    runtime: Runtime
    waiting: Callable[[str], int]
    """How many deliveries wait for the webhook of that id."""

    def run(self, task: Task, hold: Hold) -> HandlerOutcome:
        if task.job_type != DELIVERY:
            return self.inner.run(task, hold)
        try:
            return self._deliver(task, hold)
        except (StoreUnavailable, VersionConflict) as error:
            # Nothing was sent, so it is no attempt of the receiver's.
            log_fields(
                "delivery.postponed", level=logging.WARNING, job=task.job_id, reason=str(error)
            )
            return Paused(STORE_WAIT)

    def stop(self) -> None:
        self.inner.stop()

    def _deliver(self, task: Task, hold: Hold) -> HandlerOutcome:
        delivery = msgspec.json.decode(task.payload, type=WebhookDelivery)
        now = self.runtime.now()
        if delivery.notify:
            key = notify_key(
                self.webhooks.store, delivery.notify.owner, now, self.runtime.random_bytes
            )
            endpoint = Endpoint(url=delivery.notify.url, secrets=key.secrets.at(now))
            return _paced(self._attempt(task, hold, delivery, endpoint), task, self.runtime.uniform)
        webhook = self.webhooks.get(delivery.webhook or "")
        if webhook is None:
            return _given_up("The webhook was deleted.")
        if not webhook.enabled and delivery.event_type is not EventType.WEBHOOK_TEST:
            return _given_up("The webhook is switched off.")
        if webhook.throttled_until and webhook.throttled_until > now:
            spread = timedelta(seconds=self.runtime.uniform(0.0, SPREAD_SECONDS))
            return Paused(webhook.throttled_until - now + spread)
        endpoint = Endpoint(url=webhook.url, secrets=webhook.secrets.at(now))
        outcome = self._attempt(task, hold, delivery, endpoint)
        self._keep_health(webhook, outcome, task)
        return _paced(outcome, task, self.runtime.uniform)

    def _attempt(
        self, task: Task, hold: Hold, delivery: WebhookDelivery, endpoint: Endpoint
    ) -> HandlerOutcome:
        payload = msgspec.json.encode(msgspec.structs.replace(delivery, endpoint=endpoint))
        return self.inner.run(replace(task, payload=payload), hold)

    def _keep_health(self, webhook: Webhook, outcome: HandlerOutcome, task: Task) -> None:
        transition = self._transition(webhook, outcome, task)
        if transition is None:
            return
        try:
            change(self.webhooks, webhook, transition, WebhookNotFound)
        except DormouseError as error:
            # It was called all the same; the next delivery finds out as much.
            log_fields(
                "webhook.health_lost", level=logging.WARNING, webhook=webhook.id, reason=str(error)
            )

    def _transition(
        self, webhook: Webhook, outcome: HandlerOutcome, task: Task
    ) -> Callable[[Webhook], Webhook] | None:
        if isinstance(outcome, Succeeded):
            return health.succeeded
        if not isinstance(outcome, Failed):
            return None
        if outcome.error.type == Gone.__name__:
            return health.gone
        now = self.runtime.now()
        last = outcome.permanent or task.attempt >= task.max_attempts
        waiting = self.waiting(webhook.id) if webhook.failing_since else 0
        fail = partial(health.failed, now=now, last=last, waiting=waiting)
        if outcome.error.type == Throttled.__name__ and outcome.delay is not None:
            wait = outcome.delay
            return lambda webhook: health.throttled(fail(webhook), now, wait)
        return fail


def _paced(
    outcome: HandlerOutcome, task: Task, uniform: Callable[[float, float], float]
) -> HandlerOutcome:
    """The wait that the receiver asked for, but no shorter than this attempt's own."""
    if isinstance(outcome, Failed) and outcome.delay is not None:
        return replace(outcome, delay=max(outcome.delay, RETRY.delay(task.attempt, uniform)))
    return outcome


def _given_up(why: str) -> Failed:
    return Failed(JobError(code="permanent_error", message=why), permanent=True)
