"""One instance of a service: its clock, its memory, its threads. It dies as a whole."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from jobs.errors import DormouseError
from jobs.runtime import Runtime
from simulation.scheduler import SECOND, Actor
from simulation.threads import Condition, Lock, Mapping, Semaphore

if TYPE_CHECKING:
    from simulation.world import World

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
Kind = Literal["api", "worker"]


def us_of(moment: datetime) -> int:
    """Microseconds since the run began."""
    return (moment - EPOCH) // MICROSECOND


class Instance:
    """A process of the API or of the worker."""

    def __init__(self, world: "World", kind: Kind, number: int) -> None:
        self.world, self.kind, self.name = world, kind, f"{kind}{number}"
        self.alive, self.stopping = True, False
        self.frozen_until = 0
        self.actors: dict[Actor, None] = {}
        self._skew = 0
        self.set_clock()
        self.runtime = self._runtime()
        self.service: Any = world.services.make(self)

    def set_clock(self) -> None:
        """Its clock may differ from the true time by so much, either way."""
        apart = self.world.plan.clocks_apart
        self._skew = int(self.world.scheduler.rng.uniform(-1, 1) * apart * SECOND)

    def clock(self) -> int:
        """What its clock shows, in microseconds since the run began."""
        return self.world.scheduler.us + self._skew

    def _runtime(self) -> Runtime:
        scheduler = self.world.scheduler
        return Runtime(
            now=lambda: EPOCH + timedelta(microseconds=self.clock()),
            boot_time=lambda: scheduler.us / SECOND,
            sleep=scheduler.sleep,
            lock=lambda: Lock(scheduler),
            semaphore=lambda places: Semaphore(scheduler, places),
            condition=lambda: Condition(scheduler),
            map=Mapping(scheduler),
            random_bytes=self.world.random_bytes,
            uniform=scheduler.rng.uniform,
        )

    def request(
        self,
        name: str,
        do: Callable[[], Any],
        settle: Callable[[bool, Any], None],
    ) -> Actor:
        """Answer a request in a thread of this instance.

        `settle` hears whether it went well, and what came of it; if the instance dies, it did not.
        """
        world = self.world

        def ended(actor: Actor) -> None:
            error = actor.error
            if error and not isinstance(error, DormouseError):
                world.scheduler.violate(f"{actor.name}: {actor.failure}")
            elif isinstance(error, DormouseError) and not world.may_refuse(self, error):
                world.scheduler.violate(f"{actor.name}: refused for good: {error.code}: {error}")
            settle(actor.error is None and not actor.killed, actor.value)

        return world.scheduler.spawn(f"{name}@{self.name}", do, self, ended)

    def stop(self) -> None:
        """SIGTERM, and SIGKILL ten seconds later."""
        scheduler = self.world.scheduler
        scheduler.tell(f"SIGTERM {self.name}")
        self.stopping = True
        scheduler.spawn(f"stop@{self.name}", self.service.stop, self)
        scheduler.at(10, self.die)

    def die(self) -> None:
        """All that it did stops where it is."""
        if self.alive:
            self.world.scheduler.tell(f"CRASH {self.name}")
            self.alive = False
            for actor in list(self.actors):
                actor.kill()
            self.world.replace(self)
