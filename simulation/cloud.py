"""Google's part: Pub/Sub pushes, Eventarc calls, Cloud Scheduler knocks once a minute."""

from typing import TYPE_CHECKING, Any

from jobs.events.model import Event
from simulation.services import Push

if TYPE_CHECKING:
    from simulation.world import World

PUSH_SECONDS = 600
"""Pub/Sub's longest acknowledgement deadline."""


class Pubsub:
    """Pushes each message to some worker until one acknowledges it."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._numbers = 0
        self.open = 0
        self._published: set[bytes] = set()

    def publish(self, data: bytes, path: str = "/jobs") -> None:
        world, rng, copies = self._world, self._world.scheduler.rng, 1
        if path == "/jobs":
            self._once_where_nothing_fails(data)
            if world.faulty:
                copies = rng.random() >= world.plan.messages_lost
                copies += rng.random() < world.plan.messages_twice
        for _ in range(copies):
            self._numbers += 1
            push = Push(path=path, data=data, number=self._numbers)
            self.open += 1
            takes = world.plan.message_takes if world.faulty else 0.05
            world.scheduler.at(rng.expovariate(1 / takes), lambda push=push: self._push(push, 1))  # type: ignore[misc]

    def _once_where_nothing_fails(self, data: bytes) -> None:
        plan = self._world.plan
        if plan.calm and not plan.stopped_every:
            if data in self._published:
                self._world.scheduler.violate(f"nothing fails, and is dispatched twice: {data!r}")
            self._published.add(data)

    def _push(self, push: Push, tries: int) -> None:
        world, scheduler = self._world, self._world.scheduler
        target = world.some_worker()
        if target is None:
            scheduler.at(1, lambda: self._push(push, tries))
            return
        settled: list[bool] = []

        def settle(is_good: bool, _answer: Any = None) -> None:
            if settled:
                return
            settled.append(is_good)
            lost = world.faulty and scheduler.rng.random() < world.plan.answers_lost
            if is_good and not lost:
                self.open -= 1
            elif push.path == "/jobs" and tries >= world.plan.deliveries:
                self.open -= 1
                self.publish(push.data, "/dead-letters")
            else:
                wait = min(600.0, 10.0 * 2 ** min(tries - 1, 6)) * scheduler.rng.uniform(0.8, 1.2)
                scheduler.at(wait, lambda: self._push(push, tries + 1))

        name = f"push{push.number}.{tries}"
        target.request(name, lambda: target.service.take(push), settle)
        scheduler.at(PUSH_SECONDS, lambda: settle(is_good=False))


class Eventarc:
    """Tells a worker of each event's document. In bad times it loses calls."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def created(self, event: Event) -> None:
        world, rng, copies = self._world, self._world.scheduler.rng, 1
        if world.faulty:
            copies = rng.random() >= world.plan.messages_lost
            copies += rng.random() < world.plan.messages_twice
        for _ in range(copies):
            world.scheduler.at(rng.expovariate(2), lambda: self._send(event.id, 1))

    def _send(self, event_id: str, tries: int) -> None:
        scheduler, target = self._world.scheduler, self._world.some_worker()

        def settle(is_good: bool, _answer: Any = None) -> None:
            if not is_good and tries < 5:  # noqa: PLR2004 - then the sweep sees to it
                scheduler.at(10 * 2**tries, lambda: self._send(event_id, tries + 1))

        if target is None:
            settle(is_good=False)
            return
        push = Push(path="/events", event_id=event_id)
        target.request(f"event{tries}", lambda: target.service.take(push), settle)


class CloudScheduler:
    """A sweep each minute."""

    def __init__(self, world: "World") -> None:
        self._world = world
        world.scheduler.at(60, self._tick)

    def _tick(self) -> None:
        world, plan, rng, times = self._world, self._world.plan, self._world.scheduler.rng, 1
        world.scheduler.at(60, self._tick)
        if world.faulty:
            times = rng.random() >= plan.sweeps_missed
            times += rng.random() < plan.sweeps_twice
        if world.is_anything_due():
            for _ in range(times):
                world.scheduler.at(rng.uniform(0, 2), lambda: self._sweep(1))

    def _sweep(self, tries: int) -> None:
        world, target = self._world, self._world.some_worker()

        def settle(is_good: bool, _answer: Any = None) -> None:
            if not is_good and tries < 3:  # noqa: PLR2004 - the next one is near
                world.scheduler.at(5 * tries, lambda: self._sweep(tries + 1))

        if target is None:
            settle(is_good=False)
            return
        push = Push(path="/sweep")
        target.request("sweep", lambda: target.service.take(push), settle)
