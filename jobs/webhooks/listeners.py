"""Who listens: answered from a list that is fetched now and then, never once a job."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from jobs.events.model import EventType
from jobs.job.model import Job
from jobs.telemetry.log import log
from jobs.webhooks.model import MAX_WEBHOOKS, Webhook
from jobs.webhooks.store import WebhookStore

LIST_HOLDS: Final = timedelta(minutes=1)
MOST: Final = 10 * MAX_WEBHOOKS
"""More than can be made, also by requests that race."""


class Listeners:
    """The webhooks that are switched on, as they were `holds` ago at most. Safe for threads.

    One query in that time, and none while nothing ends. A new webhook is heard of in all processes
    once that time is over. Raises `StoreUnavailable` rather than go by an older list.
    """

    def __init__(
        self,
        store: WebhookStore,
        now: Callable[[], datetime],
        holds: timedelta = LIST_HOLDS,
    ) -> None:
        self._store = store
        self._now = now
        self._holds = holds
        self._lock = threading.Lock()
        self._found: list[Webhook] = []
        self._fetched_at: datetime | None = None

    def of_job(self, event_type: EventType, job: Job) -> tuple[str, ...]:
        """The ids of the webhooks that hear this of the job."""
        return tuple(one.id for one in self._enabled() if one.hears(event_type, job))

    def of_webhook(self, event_type: EventType, webhook: Webhook) -> tuple[str, ...]:
        """The ids of the others that hear this of the webhook."""
        found = self._enabled()
        return tuple(one.id for one in found if one.hears_of_webhook(event_type, webhook))

    def forget(self) -> None:
        """Fetch the list anew at the next look: this process itself has changed a webhook."""
        with self._lock:
            self._fetched_at = None

    def _all(self) -> list[Webhook]:
        """All that are switched on, as nobody's webhook goes deaf because others have many."""
        found = self._store.list_enabled(MOST)
        if len(found) == MOST:
            log.error("more than %d webhooks are switched on: the oldest hear nothing", MOST)
        return found

    def _enabled(self) -> list[Webhook]:
        with self._lock:
            now = self._now()
            fresh = self._fetched_at and timedelta() <= now - self._fetched_at < self._holds
            if not fresh:
                self._found = self._all()
                self._fetched_at = now
            return self._found
