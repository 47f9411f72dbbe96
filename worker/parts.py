"""The parts of the private service, put together. Knows neither HTTP nor who may call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from jobs.dispatch.queue import JobMessage, Queue
from jobs.dispatch.submit import Submitter
from jobs.events.event_recording import AnnouncingJobStore
from jobs.events.publisher import EventPublisher
from jobs.job_types import Registry
from jobs.runtime import Runtime
from jobs.settings.settings import Settings
from jobs.stores import Stores
from jobs.telemetry.port import Telemetry
from jobs.triggers.file import Triggers
from jobs.webhooks.listeners import Listeners
from jobs.webhooks.webhook_updates import WebhookChanges
from worker.attempts.attempts import Attempts
from worker.attempts.claim import Claims
from worker.dead_letters.recorder import DeadLetterRecorder
from worker.deliveries import DeliveryRunner
from worker.events.fan_out import FanOut
from worker.events.triggers import TriggerHandler
from worker.processes.run import Runner
from worker.secrets.secret_files import SecretFiles
from worker.sweep.schedule_runner import ScheduleRunner
from worker.sweep.sweep import Sweep
from worker.waiting_deliveries import WaitingDeliveries


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What each of the service's paths calls."""

    answer: Callable[[JobMessage], None]
    dead_letters: DeadLetterRecorder
    fan_out: FanOut
    sweep: Sweep
    schedules: ScheduleRunner
    triggers: TriggerHandler
    stop: Callable[[], None]
    """To be called when the process is told to stop."""


def assemble(
    settings: Settings,
    *,
    stores: Stores,
    queue: Queue,
    registry: Registry,
    runner: Runner,
    triggers: Triggers,
    telemetry: Telemetry,
    publisher: EventPublisher | None,
    runtime: Runtime,
) -> Parts:
    """The parts, which have called nobody yet."""
    registry = registry.with_buckets(settings.buckets)
    now = runtime.now
    listeners = Listeners(
        stores.webhooks, runtime, timedelta(seconds=settings.webhook_cache_seconds)
    )
    store = AnnouncingJobStore(
        inner=telemetry.store(stores.jobs),
        listening=listeners.of_job,
        publishes=bool(settings.events_topic),
    )
    queue = telemetry.queue(queue)
    runner = DeliveryRunner(
        inner=runner,
        webhooks=WebhookChanges(store=stores.webhooks, listeners=listeners, now=now),
        runtime=runtime,
        waiting=WaitingDeliveries(store, runtime).of,
    )
    attempts = Attempts(
        store=store,
        queue=queue,
        registry=registry,
        claims=Claims(
            store=store,
            registry=registry,
            worker=settings.revision,
            now=now,
            sleep=runtime.sleep,
        ),
        run=telemetry.attempt(runner.run),
        slots=runtime.semaphore(settings.processes),
        allowed_hosts=settings.allowed_hosts,
        buckets=settings.storage,
        secrets=SecretFiles(settings.secrets_folder, settings.secrets),
        runtime=runtime,
    )
    submitter = Submitter(
        store=store,
        queue=queue,
        registry=registry,
        now=now,
        new_id=runtime.new_id,
        secrets=settings.secrets,
    )
    return Parts(
        answer=telemetry.answer(attempts.answer),
        dead_letters=DeadLetterRecorder(
            store=store, dead_letters=stores.dead_letters, registry=registry, now=now
        ),
        fan_out=FanOut(events=stores.events, submitter=submitter, publisher=publisher, now=now),
        sweep=Sweep(store=store, queue=queue, registry=registry, runtime=runtime),
        schedules=ScheduleRunner(
            schedules=stores.schedules,
            jobs=store,
            queue=queue,
            registry=registry,
            secrets=settings.secrets,
            runtime=runtime,
        ),
        triggers=TriggerHandler(
            triggers=triggers,
            submitter=submitter,
            dead_letters=stores.dead_letters,
            now=now,
        ),
        stop=runner.stop,
    )
