"""What the local cloud does to job messages and events when it is asked to misbehave."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import msgspec

from local.cloud.push import Message, Subscription

OVERTAKING_SECONDS = 5.0
"""How long a reordered message waits to be overtaken, where nothing else comes."""

Probability = Annotated[float, msgspec.Meta(ge=0, le=1)]


class FaultPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often what is done to a job message or an event.

    It is dropped (taken for delivered), delivered twice at once, held back for up to
    `delay_seconds`, or held back until a later one was delivered. The same seed does the same to
    the same delivery of the same message.
    """

    drop: Probability = 0.0
    duplicate: Probability = 0.0
    delay: Probability = 0.0
    reorder: Probability = 0.0
    delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=300)] = 5.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Fate:
    """What is done to one delivery."""

    dropped: bool
    copies: int
    delay_seconds: float
    overtaken: bool


def fate_of(plan: FaultPlan, message: Message) -> Fate:
    chance = random.Random(f"{plan.seed}/{message.id}/{message.attempt}")  # noqa: S311 - repeatable
    return Fate(
        dropped=chance.random() < plan.drop,
        copies=2 if chance.random() < plan.duplicate else 1,
        delay_seconds=chance.uniform(0, plan.delay_seconds) if chance.random() < plan.delay else 0,
        overtaken=chance.random() < plan.reorder,
    )


class Faults:
    """Stands between a subscription's messages and their push. Does nothing until it has a plan.

    `wait` is `threading.Event.wait` of the event that ends the local cloud.
    """

    def __init__(
        self, push: Callable[[Subscription, Message], bool], wait: Callable[[float], bool]
    ) -> None:
        self.plan: FaultPlan | None = None
        self._push = push
        self._wait = wait
        self._passed = threading.Condition()
        self._deliveries = 0

    def deliver(self, subscription: Subscription, message: Message) -> bool:
        """Whether the message counts as delivered."""
        if self.plan is None or subscription.spared:
            return self._push(subscription, message)
        fate = fate_of(self.plan, message)
        if fate.dropped:
            return True
        if fate.delay_seconds:
            self._wait(fate.delay_seconds)
        if fate.overtaken:
            self._wait_for_another()
        delivered = self._push_copies(subscription, message, fate.copies)
        with self._passed:
            self._deliveries += 1
            self._passed.notify_all()
        return delivered

    def _wait_for_another(self) -> None:
        with self._passed:
            seen = self._deliveries
            self._passed.wait_for(lambda: self._deliveries > seen, OVERTAKING_SECONDS)

    def _push_copies(self, subscription: Subscription, message: Message, copies: int) -> bool:
        """At once, so that the copies race; the first one's answer counts."""
        others = [
            threading.Thread(target=self._push, args=(subscription, message), daemon=True)
            for _ in range(copies - 1)
        ]
        for other in others:
            other.start()
        delivered = self._push(subscription, message)
        for other in others:
            other.join()
        return delivered
