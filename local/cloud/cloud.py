"""The composition root of the local cloud."""

import threading
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial

import msgspec

from jobs.events.model import Event
from jobs.gcp.firestore.events import COLLECTION
from jobs.triggers.trigger import Trigger
from local.cloud.app import create_app
from local.cloud.caller import WorkerCaller
from local.cloud.clock import Clock, call_sweep
from local.cloud.deliveries import Deliveries, Source
from local.cloud.events import EventPush, Events
from local.cloud.faults import Faults
from local.cloud.firestore import EVENTS, answer_emulator, creation
from local.cloud.identity import Issuer
from local.cloud.push import Message, Push, Subscription, subscriptions
from local.cloud.settings import CloudSettings
from local.cloud.storage import tell_of_objects
from local.cloud.triggers import (
    as_published,
    bucket_subscriptions,
    document_triggers,
    topic_subscriptions,
)

DEAD_LETTERS_AT_ONCE = 1
EVENTS_AT_ONCE = 4


class LocalCloud:
    """The HTTP application, and the threads that act of themselves once they are started."""

    def __init__(
        self,
        settings: CloudSettings,
        source: Source,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        triggers: Collection[Trigger] = (),
    ) -> None:
        self._stopped = threading.Event()
        self.issuer = Issuer(now)
        documents = document_triggers(triggers)
        topics = topic_subscriptions(triggers)
        buckets = bucket_subscriptions(triggers)
        from_events = [
            *(trigger.subscription for trigger in documents),
            *(subscription for _, subscription in buckets),
        ]
        self._settings = settings
        self._now = now
        self._events = Events(now)
        caller = WorkerCaller(settings, self.issuer)
        push, push_event = Push(settings, caller), EventPush(settings, caller)
        job_messages, dead_letters = subscriptions(settings.topic)
        own = {job_messages, dead_letters}

        def send(subscription: Subscription, message: Message) -> bool:
            if subscription in own:
                return push(subscription, message)
            if subscription in topics:
                message = as_published(settings.project, subscription, message)
            return push_event(subscription, message)

        faults = Faults(send, self._stopped.wait)
        # Two jobs that take turns, so that sweeps overlap although one job's calls never do.
        sweep = partial(call_sweep, settings, caller)
        self._work: tuple[Callable[[], None], ...] = (
            *(Clock(sweep, now, self._stopped.wait, every=2, offset=n).run for n in range(2)),
            Deliveries(
                source, job_messages, faults.deliver, settings.push_concurrency, self._stopped
            ).run,
            Deliveries(
                source, dead_letters, faults.deliver, DEAD_LETTERS_AT_ONCE, self._stopped
            ).run,
            *(
                Deliveries(origin, subscription, faults.deliver, EVENTS_AT_ONCE, self._stopped).run
                for origin, watched in ((self._events, from_events), (source, topics))
                for subscription in watched
            ),
        )
        self.app = create_app(self.issuer, faults, now, faults_token=settings.faults_token)
        answer_emulator(self.app, documents, self._events)
        tell_of_objects(self.app, buckets, self._events, now)

    def start(self) -> None:
        for work in self._work:
            threading.Thread(target=work, daemon=True).start()

    def tell_of_event(self, event: Event) -> None:
        """Send what the emulator would send for the document of an event that is kept."""
        path = f"{COLLECTION}/{event.id}"
        headers, data = creation(self._settings, path, msgspec.structs.asdict(event), self._now())
        self._events.publish(EVENTS.subscription, headers, data)

    def stop(self) -> None:
        """No further call to the worker is begun."""
        self._stopped.set()
