"""Delivers a subscription's messages, many at a time, and answers for each."""

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from local.cloud.push import Message, Subscription

PAUSE_SECONDS = 1.0
"""Before the next pull, after one that failed."""

log = logging.getLogger("dormouse.local")


class PubsubUnavailable(Exception):
    """Where the messages come from can't be reached."""


class Source(Protocol):
    """Where messages come from. Safe for threads; every method raises `PubsubUnavailable`."""

    def pull(self, subscription: Subscription, limit: int) -> list[tuple[str, Message]]:
        """Up to `limit` messages with their ack ids. Waits for the first, but not for ever."""
        ...

    def acknowledge(self, subscription: Subscription, ack_id: str) -> None: ...

    def refuse(self, subscription: Subscription, ack_id: str) -> None:
        """Let the message come again after its backoff, or go to the dead letters."""
        ...


class Deliveries:
    """Has at most `at_once` messages of a subscription under way."""

    def __init__(
        self,
        source: Source,
        subscription: Subscription,
        deliver: Callable[[Subscription, Message], bool],
        at_once: int,
        stopped: threading.Event,
    ) -> None:
        self._source = source
        self._subscription = subscription
        self._deliver = deliver
        self._at_once = at_once
        self._free = threading.Semaphore(at_once)
        self._stopped = stopped

    def run(self) -> None:
        """Returns when the local cloud has ended."""
        while not self._stopped.is_set():
            slots = self._take_slots()
            pulled = self._pull(slots)
            for _ in range(slots - len(pulled)):
                self._free.release()
            for ack_id, message in pulled:
                threading.Thread(target=self._handle, args=(ack_id, message), daemon=True).start()

    def _take_slots(self) -> int:
        """At least one, and all that are free."""
        self._free.acquire()
        taken = 1
        while taken < self._at_once and self._free.acquire(blocking=False):
            taken += 1
        return taken

    def _pull(self, limit: int) -> list[tuple[str, Message]]:
        try:
            return self._source.pull(self._subscription, limit)
        except PubsubUnavailable as error:
            if not self._stopped.wait(PAUSE_SECONDS):
                log.warning("no messages can be had from Pub/Sub: %s", error)
            return []

    def _handle(self, ack_id: str, message: Message) -> None:
        try:
            delivered = self._deliver(self._subscription, message)
            answer = self._source.acknowledge if delivered else self._source.refuse
            answer(self._subscription, ack_id)
        except PubsubUnavailable as error:
            # The message comes again after its ack deadline.
            log.warning("Pub/Sub took no answer for message %s: %s", message.id, error)
        finally:
            self._free.release()
