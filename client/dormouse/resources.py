"""Schedules, webhooks and dead letters."""

from typing import Any

from dormouse.blocking import Blocking
from dormouse.calling import Policy
from dormouse.facade import blocking, iterating
from dormouse.job import Job
from dormouse.operations import schedules, service, webhooks
from dormouse.resource_model import DeadLetter, Delivery, Schedule, Webhook


class _Resource:
    def __init__(self, driver: Blocking, policy: Policy) -> None:
        self.driver = driver
        self.policy = policy


class Schedules(_Resource):
    """Jobs that are made again and again. docs/schedules.md of the service says when."""

    create = blocking(schedules.create)
    get = blocking(schedules.get)
    update = blocking(schedules.update)
    pause = blocking(schedules.pause)
    resume = blocking(schedules.resume)
    delete = blocking(schedules.delete)
    list = iterating(schedules.list_schedules, Schedule)

    def run(self, schedule_id: str, idempotency_key: str | None = None) -> Job[Any]:
        """A job of the schedule's template at once, also while it is paused."""
        steps = schedules.run(self.policy, schedule_id, idempotency_key)
        return Job.of(self.driver.run(steps), self.driver, self.policy, Any)


class Webhooks(_Resource):
    """URLs that hear of jobs. `dormouse.webhooks.verify` checks what they are sent."""

    create = blocking(webhooks.create)
    get = blocking(webhooks.get)
    update = blocking(webhooks.update)
    delete = blocking(webhooks.delete)
    rotate_secret = blocking(webhooks.rotate_secret)
    rotate_notify_secret = blocking(webhooks.rotate_notify_secret)
    test = blocking(webhooks.test)
    redeliver = blocking(webhooks.redeliver)
    list = iterating(webhooks.list_webhooks, Webhook)
    deliveries = iterating(webhooks.deliveries, Delivery)
    notifications = iterating(webhooks.notifications, Delivery)


class DeadLetters(_Resource):
    """Messages that no worker took, for operators."""

    get = blocking(service.get_dead_letter)
    delete = blocking(service.delete_dead_letter)
    list = iterating(service.list_dead_letters, DeadLetter)

    def redrive(self, letter_id: str) -> Job[Any]:
        """Dispatches the letter's job again, and removes the letter."""
        steps = service.redrive(self.policy, letter_id)
        return Job.of(self.driver.run(steps), self.driver, self.policy, Any)
