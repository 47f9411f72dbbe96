"""Stores and queue as a process reaches them: slow, away at times, their answers lost or late."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from jobs.dispatch.queue import JobMessage
from jobs.errors import DormouseError, QueueUnavailable, StoreUnavailable
from jobs.stores import Stores

if TYPE_CHECKING:
    from simulation.instance import Instance
    from simulation.world import World

_READS: Final = frozenset(
    {
        "count_open",
        "due",
        "get",
        "get_all",
        "list_dead_letters",
        "list_enabled",
        "list_jobs",
        "list_schedules",
        "list_summaries",
        "list_webhooks",
        "notify_key",
        "ping",
    }
)


class Port:
    """One store, over a network."""

    def __init__(self, world: "World", instance: "Instance", label: str, inner: Any) -> None:
        self._world, self._instance, self._label, self._inner = world, instance, label, inner

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)
        label = f"{self._label}.{name}"

        def call(*arguments: Any, **named: Any) -> Any:
            def do() -> Any:
                return method(*arguments, **named)

            return self._world.network.call(label, do, self._instance, changes=name not in _READS)

        self.__dict__[name] = call
        return call


def stores_of(world: "World", instance: "Instance", inner: Stores) -> Stores:
    """All of the stores, as this process reaches them."""

    def port(label: str) -> Any:
        return cast(Any, Port(world, instance, label, getattr(inner, label)))

    return Stores(
        jobs=port("jobs"),
        dead_letters=port("dead_letters"),
        events=port("events"),
        webhooks=port("webhooks"),
        schedules=port("schedules"),
    )


class Network:
    """What lies between the processes and Google."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._scheduler, self._plan = world.scheduler, world.plan
        self.away: tuple[int, int] = (0, 0)
        """From when until when nobody reaches the store."""
        self.committing: Instance | None = None
        """Whose commit is being made now, also where it is made late."""

    def call(self, name: str, do: Callable[[], Any], instance: "Instance", *, changes: bool) -> Any:
        """Do it in the store. Raises `StoreUnavailable`, and then it may have been done or not."""
        scheduler, plan = self._scheduler, self._plan
        scheduler.point(name)
        if self._world.faulty:
            if self.away[0] <= scheduler.us < self.away[1]:
                scheduler.park(scheduler.rng.uniform(0, 5))
                raise StoreUnavailable
            if scheduler.rng.random() < plan.store_fails:
                self._fail(name, do, instance, changes=changes)
        self.committing = instance
        self._world.judge.asked(name, scheduler.actor)
        answer = do()
        if changes:
            scheduler.point(f"{name} answered")
        return answer

    def _fail(
        self, name: str, do: Callable[[], Any], instance: "Instance", *, changes: bool
    ) -> None:
        scheduler = self._scheduler
        kind = scheduler.rng.choice(["refused", "answer lost", "late"]) if changes else "refused"
        scheduler.tell(f"{name} of {scheduler.actor.name}: {kind}")
        if kind == "answer lost":
            self._commit(name, do, instance)
        elif kind == "late":
            wait = scheduler.rng.expovariate(1 / self._plan.late_by)
            scheduler.at(wait, lambda: self._commit(name, do, instance))
        if kind != "refused":
            scheduler.point(f"{name} without an answer")
        raise StoreUnavailable

    def _commit(self, name: str, do: Callable[[], Any], instance: "Instance") -> None:
        self.committing = instance
        try:
            do()
        except DormouseError as error:
            self._scheduler.tell(f"{name}: {error.code}, which nobody hears of")


class SimulatedQueue:
    """Job messages on their way to Pub/Sub."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def dispatch(self, job_messages: Sequence[JobMessage]) -> None:
        world, scheduler = self._world, self._world.scheduler
        scheduler.point("dispatch")
        fails = world.faulty and scheduler.rng.random() < world.plan.queue_fails
        if not fails or scheduler.rng.random() < 0.5:  # noqa: PLR2004 - it fails before or after
            for job_message in job_messages:
                world.pubsub.publish(job_message.encode())
        if fails:
            raise QueueUnavailable
        scheduler.point("dispatched")

    def ping(self) -> None:
        """It answers."""
