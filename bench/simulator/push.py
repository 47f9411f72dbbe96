"""Pub/Sub's push: a window of requests at once that grows with success.

https://cloud.google.com/pubsub/docs/push#delivery_rate
"""

from collections import deque
from collections.abc import Callable, Generator
from typing import Any

import simpy

from bench.simulator.cloud_run import NoInstance

FIRST_BACKOFF = 10.0
LONGEST_BACKOFF = 600.0
"""As infra/pubsub.tf has them."""


class Window:
    """How many pushes may be under way.

    Every success makes room for one more up to `linear`, which doubles it in each round trip; above
    that a whole window of successes does. A refusal halves it. Google documents the shape, not the
    numbers: where it begins and what a refusal costs are assumed.
    """

    def __init__(self, first: float, linear: float) -> None:
        self._first = first
        self._linear = linear
        self.size = first

    def succeeded(self) -> None:
        self.size += 1 if self.size < self._linear else 1 / self.size

    def refused(self) -> None:
        self.size = max(self._first, self.size / 2)


class PushSubscription:
    """Hands on each message until it is taken. `push` raises `NoInstance` where it is refused."""

    def __init__(
        self,
        env: simpy.Environment,
        window: Window,
        push: Callable[[Any], Generator[simpy.Event, Any, None]],
    ) -> None:
        self._env = env
        self._push = push
        self._waiting: deque[tuple[Any, int]] = deque()
        self._under_way = 0
        self.window = window
        self.deliveries = 0
        self.refusals = 0

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def take(self, message: Any, attempt: int = 1) -> None:
        self._waiting.append((message, attempt))
        self._send()

    def _send(self) -> None:
        while self._waiting and self._under_way < int(self.window.size):
            self._under_way += 1
            self._env.process(self._deliver(*self._waiting.popleft()))

    def _deliver(self, message: Any, attempt: int) -> Generator[simpy.Event, Any, None]:
        self.deliveries += 1
        try:
            yield from self._push(message)
        except NoInstance:
            self.refusals += 1
            self.window.refused()
            self._env.process(self._again(message, attempt))
        else:
            self.window.succeeded()
        self._under_way -= 1
        self._send()

    def _again(self, message: Any, attempt: int) -> Generator[simpy.Event, Any, None]:
        yield self._env.timeout(min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** (attempt - 1)))
        self.take(message, attempt + 1)
