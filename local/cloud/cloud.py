"""The composition root of the local cloud."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from local.cloud.app import create_app
from local.cloud.caller import WorkerCaller
from local.cloud.clock import Clock, call_sweep
from local.cloud.deliveries import Deliveries, Source
from local.cloud.faults import Faults
from local.cloud.identity import Issuer
from local.cloud.push import Push, subscriptions
from local.cloud.settings import CloudSettings

DEAD_LETTERS_AT_ONCE = 1


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
        caller = WorkerCaller(settings, self.issuer)
        faults = Faults(Push(settings, caller), self._stopped.wait)
        tickets, dead_letters = subscriptions(settings.topic)
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
        )
        self.app = create_app(self.issuer, faults)

    def start(self) -> None:
        for work in self._work:
            threading.Thread(target=work, daemon=True).start()

    def stop(self) -> None:
        """No further call to the worker is begun."""
        self._stopped.set()
