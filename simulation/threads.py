"""What `threading` and `concurrent.futures` give, for actors."""

from collections.abc import Callable, Iterable, Iterator
from math import ceil
from typing import Any, Self, TypeVar

from simulation.scheduler import SECOND, Actor, Scheduler, Signal

T = TypeVar("T")
R = TypeVar("R")


class Semaphore:
    """So many places. As `jobs.runtime.Semaphore`."""

    def __init__(self, scheduler: Scheduler, places: int) -> None:
        self._scheduler, self._free = scheduler, places
        self._freed = Signal(scheduler)

    def acquire(self, *, timeout: float | None = None) -> bool:
        scheduler = self._scheduler
        end = None if timeout is None else scheduler.us + ceil(timeout * SECOND)
        while not self._free:
            left = None if end is None else (end - scheduler.us) / SECOND
            if left is not None and left <= 0:
                return False
            self._freed.wait(left)
        self._free -= 1
        return True

    def release(self) -> None:
        self._free += 1
        self._freed.fire()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class Lock(Semaphore):
    """As `jobs.runtime.Lock`."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler, 1)

    def acquire(self, blocking: bool = True, *, timeout: float | None = None) -> bool:
        return super().acquire(timeout=timeout if blocking else 0)


class Condition(Lock):
    """As `jobs.runtime.Condition`."""

    def __init__(self, scheduler: Scheduler) -> None:
        super().__init__(scheduler)
        self._told = Signal(scheduler)

    def wait(self, timeout: float | None = None) -> bool:
        self.release()
        try:
            return self._told.wait(timeout)
        finally:
            self.acquire()

    def notify_all(self) -> None:
        self._told.fire()


class Mapping:
    """As `jobs.runtime.Map`: some actors of the caller's process, so many at a time."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def __call__(self, do: Callable[[T], R], items: Iterable[T], at_once: int, /) -> Iterator[R]:
        owner = self._scheduler.actor
        places = Semaphore(self._scheduler, at_once)
        waiting: list[Callable[[], Actor]] = []
        begun: list[Actor] = []

        def start(item: T) -> Actor:
            def part() -> R:
                try:
                    return do(item)
                finally:
                    places.release()

            return self._scheduler.spawn(f"{owner.name}/part", part, owner.process)

        for item in items:
            waiting.append(lambda item=item: start(item))  # type: ignore[misc] # its own item
            self._begin(waiting, begun, places)
        for number in range(len(begun) + len(waiting)):
            while number >= len(begun):
                places.acquire()
                begun.append(waiting.pop(0)())
            yield self._result(begun[number], begun)

    def _begin(
        self, waiting: list[Callable[[], Actor]], begun: list[Actor], places: Semaphore
    ) -> None:
        while waiting and places.acquire(timeout=0):
            begun.append(waiting.pop(0)())

    def _result(self, actor: Actor, begun: list[Actor]) -> Any:
        self._scheduler.join(actor)
        if actor.error:
            for other in begun:
                self._scheduler.join(other)
            raise actor.error
        return actor.value
