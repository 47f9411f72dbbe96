"""Who listens: answered from lists that are fetched now and then, never once a job."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jobs.events.model import EventType
from jobs.job.model import Job
from jobs.runtime import Runtime
from jobs.telemetry.log import log_fields
from jobs.webhooks.model import Webhook
from jobs.webhooks.store import WebhookStore

LIST_HOLDS: Final = timedelta(minutes=1)
AT_ONCE: Final = 100
"""As long as fewer webhooks are switched on, one list serves all owners."""
MOST_OF_OWNER: Final = 1000
"""Far more than an owner may have: some was made when that limit could be raced."""
MOST_OWNERS: Final = 10_000
_EVERYBODY: Final = ""


@dataclass(frozen=True)
class _List:
    webhooks: list[Webhook]
    at: datetime


class Listeners:
    """The webhooks that are switched on, as they were `holds` ago at most. Safe for threads.

    One query in that time, and none while nothing ends. Where the deployment has `AT_ONCE` or
    more, one for each owner whose jobs end, so that nobody's webhook goes deaf because others have
    many. A new webhook is heard of in all processes once that time is over. Raises
    `StoreUnavailable` rather than go by an older list.
    """

    def __init__(
        self,
        store: WebhookStore,
        runtime: Runtime,
        holds: timedelta = LIST_HOLDS,
    ) -> None:
        self._store = store
        self._now = runtime.now
        self._holds = holds
        self._lock = runtime.lock()
        self._lists: dict[str, _List] = {}

    def of_job(self, event_type: EventType, job: Job) -> tuple[str, ...]:
        """The ids of the webhooks that hear this of the job."""
        return tuple(one.id for one in self._enabled(job.owner) if one.hears(event_type, job))

    def of_webhook(self, event_type: EventType, webhook: Webhook) -> tuple[str, ...]:
        """The ids of the others that hear this of the webhook."""
        found = self._enabled(webhook.owner)
        return tuple(one.id for one in found if one.hears_of_webhook(event_type, webhook))

    def forget(self) -> None:
        """Fetch the lists anew at the next look: this process itself has changed a webhook."""
        with self._lock:
            # A new dict, so that a list that is being fetched goes into the old one.
            self._lists = {}

    def _enabled(self, owner: str) -> list[Webhook]:
        everybodys = self._list(_EVERYBODY)
        if len(everybodys) < AT_ONCE:
            return everybodys
        return self._list(owner)

    def _list(self, owner: str) -> list[Webhook]:
        with self._lock:
            lists, now = self._lists, self._now()
            known = lists.get(owner)
        if known and timedelta() <= now - known.at < self._holds:
            return known.webhooks
        # Outside the lock: a slow list must not hold up those who look at others.
        found = self._fetched(owner)
        with self._lock:
            if len(lists) >= MOST_OWNERS:
                lists.clear()
            lists[owner] = _List(found, now)
        return found

    def _fetched(self, owner: str) -> list[Webhook]:
        if owner == _EVERYBODY:
            return self._store.list_enabled(AT_ONCE)
        found = self._store.list_enabled(MOST_OF_OWNER, owner=owner)
        if len(found) >= MOST_OF_OWNER:
            log_fields("list.cut", level=logging.ERROR, what="webhooks", owner=owner)
        return found
