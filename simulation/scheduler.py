"""Decides, by a seed, which actor goes on at each call of a port. Time is virtual.

One actor runs at a time, as a greenlet; the loop that chooses is the greenlet above them all. The
same seed chooses the same, so a run can be had again.
"""

import heapq
import random
import traceback
from collections.abc import Callable
from math import ceil
from typing import Any, Final, Protocol
from zlib import crc32

from greenlet import getcurrent, greenlet

SECOND: Final = 1_000_000
"""The unit of time is a microsecond, as in documents."""
LOWERED: Final = 0.02
"""How often a call of a port puts its actor behind all others, where priorities decide."""


class Over(BaseException):
    """The run has ended: unwinds whoever still waits. No handler of errors may keep it."""


class Process(Protocol):
    """What an actor belongs to, and stops with."""

    frozen_until: int
    actors: "dict[Actor, None]"


class Actor:
    """Something that goes on by itself: a request, a handler, a caller."""

    def __init__(
        self,
        scheduler: "Scheduler",
        name: str,
        do: Callable[[], Any],
        process: Process | None,
        then: "Callable[[Actor], None] | None",
    ) -> None:
        self.name, self.process = name, process
        self.alive, self.killed, self.parked = True, False, False
        self.value: Any = None
        self.error: Exception | None = None
        self.wait_number = 0
        self.priority = scheduler.rng.random()
        self.about: Any = None
        """What the actor works for, where somebody else has to know."""
        self._scheduler, self._do, self._then = scheduler, do, then
        self.ended = Signal(scheduler)
        self.greenlet = greenlet(self._main)

    def _main(self) -> None:
        try:
            self.value = self._do()
        except Over:
            return
        except Exception as error:  # noqa: BLE001 - told to whoever started the actor
            self.error = error
        if not self.killed:
            self._end()

    def kill(self) -> None:
        """Leave it where it is, as a dead process leaves its threads."""
        if self.alive:
            self.killed = True
            self._end()

    def _end(self) -> None:
        self.alive = False
        if self.process:
            self.process.actors.pop(self, None)
        self.ended.fire()
        if self._then:
            then = self._then
            self._scheduler.at(0, lambda: then(self))

    @property
    def failure(self) -> str:
        """The error, with where it came from."""
        return "".join(traceback.format_exception(self.error, limit=-8)) if self.error else ""


class Signal:
    """Wakes those who wait for it."""

    def __init__(self, scheduler: "Scheduler") -> None:
        self._scheduler = scheduler
        self._waiting: list[tuple[Actor, int]] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Whether it came within so many seconds."""
        actor = self._scheduler.actor
        self._waiting.append((actor, actor.wait_number + 1))
        return self._scheduler.park(timeout)

    def fire(self) -> None:
        waiting, self._waiting = self._waiting, []
        for actor, number in waiting:
            self._scheduler.wake(actor, number)


class Scheduler:
    """One run. Actors call `point`, `sleep` and `park`; the world calls the rest."""

    def __init__(self, seed: int, *, told: bool = False) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - to be had again
        self.by_priority = self.rng.random() < 0.3  # noqa: PLR2004
        self.us = self.calls = self.digest = 0
        self.over = False
        self.violation: str | None = None
        self.story: list[str] | None = [] if told else None
        self.disturb: Callable[[Actor, str], float] = lambda _actor, _label: 0.0
        """Asked at each call of a port: may end or freeze a process; gives the call's seconds."""
        self._current: Actor | None = None
        self._actors: list[Actor] = []
        self._ready: list[Actor] = []
        self._due: list[tuple[int, int, Actor | None, Any]] = []
        self._number = 0

    # For the world

    def run(self, finished: Callable[[], bool]) -> None:
        """Go on until that is so, or something is wrong, or nothing is left to do."""
        while not self.over and not finished():
            self._ring()
            if self._ready:
                self._let_go_on(self._chosen())
            elif self._due:
                self.us = max(self.us, self._due[0][0])
            else:
                break
        self.over = True
        for actor in self._actors:
            if actor.greenlet:
                actor.greenlet.parent = getcurrent()
                self._current = actor
                actor.greenlet.throw(Over)
        self._current = None

    def _ring(self) -> None:
        while self._due and self._due[0][0] <= self.us:
            _, _, actor, what = heapq.heappop(self._due)
            if actor is None:
                what()
            else:
                self.wake(actor, what)

    def _chosen(self) -> Actor:
        ready = self._ready
        if len(ready) == 1:
            return ready.pop()
        if self.by_priority:
            place = max(range(len(ready)), key=lambda place: ready[place].priority)
        else:
            place = self.rng.randrange(len(ready))
        ready[place], ready[-1] = ready[-1], ready[place]
        return ready.pop()

    def _let_go_on(self, actor: Actor) -> None:
        if not actor.alive:
            return
        if actor.process and actor.process.frozen_until > self.us:
            self._park_until(actor, actor.process.frozen_until)
            return
        self._current = actor
        actor.greenlet.parent = getcurrent()
        actor.greenlet.switch()
        self._current = None

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        """Do something in so many seconds that takes no time and calls no port."""
        self._push(self.us + ceil(seconds * SECOND), None, do)

    def spawn(
        self,
        name: str,
        do: Callable[[], Any],
        process: Process | None = None,
        then: Callable[[Actor], None] | None = None,
    ) -> Actor:
        """A new actor. `then` hears of its end, or of its process's."""
        actor = Actor(self, name, do, process, then)
        self._actors.append(actor)
        if process:
            process.actors[actor] = None
        self._ready.append(actor)
        return actor

    def wake(self, actor: Actor, number: int) -> None:
        """Let it go on, if that is still what it waits for."""
        if actor.alive and actor.parked and actor.wait_number == number:
            actor.parked = False
            self._ready.append(actor)

    def violate(self, what: str) -> None:
        """A promise was broken: the run ends here."""
        if not self.violation:
            self.violation = what
            self.tell(f"VIOLATION {what}")
        self.over = True

    def tell(self, text: str) -> None:
        """A line of the story, where it is told."""
        if self.story is not None:
            self.story.append(f"{self.us / SECOND:12.6f} {text}")

    # For actors

    @property
    def actor(self) -> Actor:
        """Who goes on now."""
        assert self._current  # noqa: S101 - only actors ask
        return self._current

    @property
    def is_inside(self) -> bool:
        """Whether an actor goes on now, and not the world."""
        return self._current is not None

    def point(self, label: str) -> None:
        """A call of a port: others may go on first, or this process may end here."""
        if self.over:
            raise Over
        actor = self.actor
        self.calls += 1
        self.us += 1
        self.digest = crc32(f"{actor.name} {label} {self.us}".encode(), self.digest)
        if self.by_priority and self.rng.random() < LOWERED:
            actor.priority -= 1
        seconds = self.disturb(actor, label)
        if not actor.alive:
            self._leave()
        if seconds > 0:
            self.park(seconds)
        elif self._ready or (actor.process and actor.process.frozen_until > self.us):
            self._ready.append(actor)
            self._leave()

    def sleep(self, seconds: float) -> None:
        self.point("sleep")
        self.park(max(0.0, seconds))

    def park(self, timeout: float | None = None) -> bool:
        """Wait to be woken. Whether that was so, rather than that the time was up."""
        if self.over:
            raise Over
        actor = self.actor
        if timeout is None:
            actor.wait_number += 1
            actor.parked = True
            self._leave()
            return True
        end = self.us + ceil(timeout * SECOND)
        self._park_until(actor, end)
        self._leave()
        return self.us < end

    def join(self, actor: Actor, timeout: float | None = None) -> bool:
        """Whether it ended within so many seconds."""
        end = None if timeout is None else self.us + ceil(timeout * SECOND)
        while actor.alive:
            left = None if end is None else (end - self.us) / SECOND
            if left is not None and left <= 0:
                return False
            actor.ended.wait(left)
        return True

    def _park_until(self, actor: Actor, us: int) -> None:
        actor.wait_number += 1
        actor.parked = True
        self._push(us, actor, actor.wait_number)

    def _push(self, us: int, actor: Actor | None, what: Any) -> None:
        self._number += 1
        heapq.heappush(self._due, (us, self._number, actor, what))

    def _leave(self) -> None:
        self.actor.greenlet.parent.switch()
        if self.over:
            raise Over
