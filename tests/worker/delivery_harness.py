"""The way from the end of a job to a receiver on loopback, without HTTP in between."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from handlers.webhook_deliver import deliver
from jobs.context import Link
from jobs.dispatch.queue import JobMessage
from jobs.dispatch.submit import Submitter
from jobs.events.event_recording import AnnouncingJobStore
from jobs.events.model import Event
from jobs.job.model import Job
from jobs.job.store import Filter
from jobs.job_types import Registry
from jobs.memory.events import MemoryEventPublisher
from jobs.memory.jobs import MemoryJobStore, MemoryQueue, memory_stores
from jobs.runtime import Runtime
from jobs.stores import Stores
from jobs.webhooks.delivery import owner_of_webhook
from jobs.webhooks.listeners import Listeners
from jobs.webhooks.model import Webhook
from jobs.webhooks.webhook_updates import WebhookChanges
from tests.factories import a_webhook, an_order
from tests.worker.conftest import Clock
from tests.worker.misbehaving import REGISTRY as MISBEHAVING
from worker.attempts.attempts import Attempts
from worker.attempts.claim import Claims
from worker.attempts.outcome import HandlerOutcome
from worker.deliveries import DeliveryRunner
from worker.events.fan_out import FanOut
from worker.processes.run import Task, run_handler
from worker.secrets.secret_files import NO_SECRETS
from worker.sweep.sweep import Sweep
from worker.waiting_deliveries import WaitingDeliveries

ADA = "user:ada@example.com"
REGISTRY = Registry([*MISBEHAVING, deliver])


class Here:
    """Runs handlers in this process, and keeps their tasks."""

    def __init__(self) -> None:
        self.tasks: list[Task] = []

    def run(self, task: Task, link: Link) -> HandlerOutcome:
        self.tasks.append(task)
        return run_handler(REGISTRY.get(task.job_type), task, link)

    def stop(self) -> None:
        """There is nothing to end."""


def _low(low: float, _high: float) -> float:
    return low


@dataclass
class Harness:
    """A worker whose jobs are listened to. Every part may be wrapped, to die on the way."""

    allowed_hosts: frozenset[str] = frozenset()
    wrap: Callable[[Any], Any] = lambda part: part
    jobs: MemoryJobStore = field(default_factory=MemoryJobStore)
    dispatched: MemoryQueue = field(default_factory=MemoryQueue)
    told: MemoryEventPublisher = field(default_factory=MemoryEventPublisher)
    publishes: bool = False
    kept_in: Stores | None = None
    """Instead of a memory."""

    def __post_init__(self) -> None:
        # Now, as the published library looks at the time of a signature.
        self.clock = Clock()
        self.clock.moment = datetime.now(UTC)
        now, sleep = self.clock.now, self.clock.sleep
        runtime = Runtime(now=now, sleep=sleep, uniform=_low)
        self.stores = self.kept_in or memory_stores(self.jobs)
        self.webhooks = self.stores.webhooks
        listeners = Listeners(self.webhooks, runtime, timedelta(0))
        self.store = AnnouncingJobStore(
            inner=self.wrap(self.stores.jobs), listening=listeners.of_job, publishes=self.publishes
        )
        queue = self.wrap(self.dispatched)
        self.submitter = Submitter(
            store=self.store, queue=queue, registry=REGISTRY, now=now, new_id=runtime.new_id
        )
        self.here = Here()
        self.runner = DeliveryRunner(
            inner=self.here,
            webhooks=WebhookChanges(store=self.webhooks, listeners=listeners, now=now),
            runtime=runtime,
            waiting=WaitingDeliveries(self.store, runtime).of,
        )
        self.attempts = Attempts(
            store=self.store,
            queue=queue,
            registry=REGISTRY,
            claims=Claims(store=self.store, registry=REGISTRY, worker="here", now=now, sleep=sleep),
            run=self.runner.run,
            slots=threading.Semaphore(4),
            allowed_hosts=self.allowed_hosts,
            secrets=NO_SECRETS,
            runtime=runtime,
        )
        self.fan_out = FanOut(
            events=self.wrap(self.stores.events),
            submitter=self.submitter,
            publisher=self.wrap(self.told) if self.publishes else None,
            now=now,
        )
        self.sweep = Sweep(store=self.store, queue=queue, registry=REGISTRY, runtime=runtime)

    def hook(self, url: str, **changes: Any) -> Webhook:
        return self.webhooks.create(a_webhook(**{"owner": ADA, "url": url} | changes))

    def webhook(self, webhook: Webhook) -> Webhook:
        found = self.webhooks.get(webhook.id)
        assert found
        return found

    def submit(self, **changes: Any) -> Job:
        """A job of Ada's that will succeed."""
        order = an_order(**({"type": "test.echo", "owner": ADA} | changes))
        return self.submitter.submit(order).job

    def answer(self) -> None:
        """Answer the job messages that there are."""
        while (data := self.dispatched.take()) is not None:
            self.attempts.answer(JobMessage.decode(data))

    def tell(self) -> None:
        """Fan out as Eventarc has it done, at once."""
        for event in self.untold():
            self.fan_out.tell(event.id)

    def untold(self) -> list[Event]:
        return self.stores.events.due(self.clock.now() + timedelta(days=1), 100)

    def finish(self, most: int = 100) -> None:
        """Go on until every job has ended: tell, work, and sweep when the next is due."""
        for _ in range(most):
            self.answer()
            self.tell()
            self.answer()
            waiting = [job.wake_at for job in self.all_jobs() if job.wake_at]
            if waiting:
                self.clock.moment = max(self.clock.moment, min(waiting))
                self.sweep.run()
            elif not self.untold():
                return
        raise AssertionError("it never ends")

    def done(self) -> None:
        """A job of Ada's, from its submission to the last delivery."""
        self.submit()
        self.finish()

    def all_jobs(self) -> list[Job]:
        return self.jobs.list_jobs(Filter(), 10_000)

    def deliveries(self, webhook: Webhook) -> Sequence[Job]:
        """The oldest first."""
        return self.jobs.list_jobs(Filter(owner=owner_of_webhook(webhook.id)), 1000)[::-1]
