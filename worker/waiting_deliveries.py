"""How many deliveries wait for a webhook. Asked only where one fails."""

from datetime import datetime, timedelta
from typing import Final

from jobs.job.store import JobStore
from jobs.runtime import Runtime
from jobs.webhooks.delivery import owner_of_webhook
from jobs.webhooks.health import MOST_WAITING

HOLDS: Final = timedelta(seconds=10)
MOST_KNOWN: Final = 1000


class WaitingDeliveries:
    """Counts by the store, at most once in ten seconds for each webhook and instance."""

    def __init__(self, store: JobStore, runtime: Runtime) -> None:
        self._store = store
        self._now = runtime.now
        self._known: dict[str, tuple[datetime, int]] = {}
        self._lock = runtime.lock()

    def of(self, webhook_id: str) -> int:
        """As of a few seconds ago, up to `MOST_WAITING`. Raises `StoreUnavailable`."""
        now = self._now()
        with self._lock:
            at, number = self._known.get(webhook_id, (None, 0))
        if at is not None and timedelta() <= now - at < HOLDS:
            return number
        number = self._store.count_open(owner_of_webhook(webhook_id), MOST_WAITING)
        with self._lock:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[webhook_id] = (now, number)
        return number
