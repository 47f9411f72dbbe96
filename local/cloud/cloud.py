"""The composition root of the local cloud."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

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

DEAD_LETTERS_AT_ONCE = 1
EVENTS_AT_ONCE = 4


class LocalCloud:
    """The HTTP application, and the threads that act of themselves once they are started."""

    def __init__(
        self,
        settings: CloudSettings,
        source: Source,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._stopped = threading.Event()
        self.issuer = Issuer(now)
        self.triggers = (EVENTS,)
        self._settings = settings
        self._now = now
        self._events = Events(now)
        caller = WorkerCaller(settings, self.issuer)
        push, push_event = Push(settings, caller), EventPush(settings, caller)
        tickets, dead_letters = subscriptions(settings.topic)
        own = {tickets, dead_letters}

        def send(subscription: Subscription, message: Message) -> bool:
            return (push if subscription in own else push_event)(subscription, message)

        faults = Faults(send, self._stopped.wait)
        # Two jobs that take turns, so that sweeps overlap although one job's calls never do.
        sweep = partial(call_sweep, settings, caller)
        self._work: tuple[Callable[[], None], ...] = (
            *(Clock(sweep, now, self._stopped.wait, every=2, offset=n).run for n in range(2)),
            Deliveries(
                source, tickets, faults.deliver, settings.push_concurrency, self._stopped
            ).run,
            Deliveries(
                source, dead_letters, faults.deliver, DEAD_LETTERS_AT_ONCE, self._stopped
            ).run,
            *(
                Deliveries(
                    self._events,
                    trigger.subscription,
                    faults.deliver,
                    EVENTS_AT_ONCE,
                    self._stopped,
                ).run
                for trigger in self.triggers
            ),
        )
        self.app = create_app(self.issuer, faults)
        answer_emulator(self.app, self.triggers, self._events)

    def start(self) -> None:
        for work in self._work:
            threading.Thread(target=work, daemon=True).start()

    def tell_created(self, path: str, fields: Mapping[str, Any]) -> None:
        """Send the event of a new document in `events`, where no emulator does."""
        headers, data = creation(self._settings, path, fields, self._now())
        self._events.publish(EVENTS.subscription, headers, data)

    def stop(self) -> None:
        """No further call to the worker is begun."""
        self._stopped.set()
