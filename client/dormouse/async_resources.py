"""Schedules, webhooks and dead letters, under asyncio."""

from typing import Any

from dormouse.async_job import AsyncJob
from dormouse.asynchronous import Asynchronous
from dormouse.calling import Policy
from dormouse.facade import async_iterating, awaiting
from dormouse.operations import schedules, service, webhooks
from dormouse.resource_model import DeadLetter, Delivery, Schedule, Webhook


class _Resource:
    def __init__(self, driver: Asynchronous, policy: Policy) -> None:
        self.driver = driver
        self.policy = policy


class AsyncSchedules(_Resource):
    """Jobs that are made again and again. docs/schedules.md of the service says when."""

    create = awaiting(schedules.create)
    get = awaiting(schedules.get)
    update = awaiting(schedules.update)
    pause = awaiting(schedules.pause)
    resume = awaiting(schedules.resume)
    delete = awaiting(schedules.delete)
    list = async_iterating(schedules.list_schedules, Schedule)

    async def run(self, schedule_id: str, idempotency_key: str | None = None) -> AsyncJob[Any]:
        """A job of the schedule's template at once, also while it is paused."""
        steps = schedules.run(self.policy, schedule_id, idempotency_key)
        return AsyncJob.of(await self.driver.run(steps), self.driver, self.policy, Any)


class AsyncWebhooks(_Resource):
    """URLs that hear of jobs. `dormouse.webhooks.verify` checks what they are sent."""

    create = awaiting(webhooks.create)
    get = awaiting(webhooks.get)
    update = awaiting(webhooks.update)
    delete = awaiting(webhooks.delete)
    rotate_secret = awaiting(webhooks.rotate_secret)
    rotate_notify_secret = awaiting(webhooks.rotate_notify_secret)
    test = awaiting(webhooks.test)
    redeliver = awaiting(webhooks.redeliver)
    list = async_iterating(webhooks.list_webhooks, Webhook)
    deliveries = async_iterating(webhooks.deliveries, Delivery)
    notifications = async_iterating(webhooks.notifications, Delivery)


class AsyncDeadLetters(_Resource):
    """Messages that no worker took, for operators."""

    get = awaiting(service.get_dead_letter)
    delete = awaiting(service.delete_dead_letter)
    list = async_iterating(service.list_dead_letters, DeadLetter)

    async def redrive(self, letter_id: str) -> AsyncJob[Any]:
        """Dispatches the letter's job again, and removes the letter."""
        steps = service.redrive(self.policy, letter_id)
        return AsyncJob.of(await self.driver.run(steps), self.driver, self.policy, Any)
