"""Eventarc's part: sends events to the worker until they are taken.

https://cloud.google.com/eventarc/docs/event-delivery
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from local.cloud.backlog import Backlog, backoff
from local.cloud.caller import WorkerCaller
from local.cloud.push import ACK_DEADLINE_SECONDS, ACKNOWLEDGING, Message, Subscription
from local.cloud.settings import CloudSettings

KEPT_FOR = timedelta(hours=24)
WAIT_SECONDS = 0.5
"""How long a pull waits at most."""
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F))).translate({ord('"'): None, ord("%"): None})

log = logging.getLogger("dormouse.local")


class Events:
    """Keeps the promises of `Source` for events, which are dropped when they are a day old.

    A message's attributes are the headers that the event is sent with.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._backlog = Backlog()

    def publish(self, subscription: Subscription, headers: Mapping[str, str], data: bytes) -> None:
        now = self._now()
        message = Message(id=headers["ce-id"], data=data, published_at=now, attributes=headers)
        self._backlog.add(subscription.topic, now, message)

    def pull(self, subscription: Subscription, limit: int) -> list[tuple[str, Message]]:
        del limit
        message = self._backlog.take(subscription.topic, self._now())
        if message is None:
            self._backlog.wait(WAIT_SECONDS)
            return []
        return [(self._backlog.send(message), message)]

    def acknowledge(self, subscription: Subscription, ack_id: str) -> None:
        del subscription
        self._backlog.answered(ack_id)

    def refuse(self, subscription: Subscription, ack_id: str) -> None:
        message = self._backlog.answered(ack_id)
        due = self._now() + backoff(message.attempt)
        if due - message.published_at > KEPT_FOR:
            log.warning("event %s was refused for a day, and is dropped", message.id)
            return
        again = replace(message, attempt=message.attempt + 1)
        self._backlog.add(subscription.topic, due, again)


class EventPush:
    """Sends events to the worker, signed as the eventarc account."""

    def __init__(self, settings: CloudSettings, caller: WorkerCaller) -> None:
        self._settings = settings
        self._caller = caller

    def __call__(self, subscription: Subscription, message: Message) -> bool:
        """Whether the worker took the event."""
        status = self._caller.post(
            subscription.path,
            account=self._settings.eventarc_account,
            seconds=ACK_DEADLINE_SECONDS,
            headers={
                "User-Agent": "APIs-Google",
                **{name: quote(value, _PRINTABLE) for name, value in message.attributes.items()},
            },
            body=message.data,
            for_path=False,
        )
        if status not in ACKNOWLEDGING:
            log.warning("the worker refused an event at %s with %d", subscription.path, status)
            return False
        return True
