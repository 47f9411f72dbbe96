"""Messages in memory that wait for their time or are under way, as Pub/Sub holds them."""

import heapq
import itertools
import threading
from datetime import datetime, timedelta

from local.cloud.push import LONGEST_BACKOFF_SECONDS, SHORTEST_BACKOFF_SECONDS, Message


class Backlog:
    """Keeps the messages of each topic apart. Safe for threads."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._later: dict[str, list[tuple[datetime, int, Message]]] = {}
        self._under_way: dict[str, Message] = {}

    def add(self, topic: str, due: datetime, message: Message) -> None:
        with self._changed:
            waiting = self._later.setdefault(topic, [])
            heapq.heappush(waiting, (due, next(self._numbers), message))
            self._changed.notify_all()

    def take(self, topic: str, now: datetime) -> Message | None:
        """The message that is due for the longest time."""
        with self._changed:
            waiting = self._later.get(topic)
            if waiting and waiting[0][0] <= now:
                return heapq.heappop(waiting)[2]
            return None

    def send(self, message: Message) -> str:
        """The ack id of a message that is now under way."""
        with self._changed:
            ack_id = str(next(self._numbers))
            self._under_way[ack_id] = message
            return ack_id

    def answered(self, ack_id: str) -> Message:
        """The message, which is under way no more."""
        with self._changed:
            return self._under_way.pop(ack_id)

    def wait(self, seconds: float) -> None:
        """Until a message is added, or for so long."""
        with self._changed:
            self._changed.wait(seconds)


def backoff(attempt: int) -> timedelta:
    """The wait after so many refused deliveries."""
    doubled = SHORTEST_BACKOFF_SECONDS * 2 ** min(attempt - 1, 16)
    return timedelta(seconds=min(doubled, LONGEST_BACKOFF_SECONDS))
