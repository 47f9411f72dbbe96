"""A Cloud Run service: instances that come, take requests, and go.

https://cloud.google.com/run/docs/about-instance-autoscaling
"""

import math
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import simpy

from bench.simulator.figures import Figures
from bench.simulator.servers import Servers

Steps = Generator[simpy.Event, Any, Any]


class NoInstance(Exception):
    """Cloud Run answers 429 itself: no instance had a place in time."""


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """What Terraform gives a service, and how long a new instance takes."""

    vcpus: float
    gib: float
    concurrency: int
    max_instances: int
    cold_start: float
    min_instances: int = 0


@dataclass(eq=False)
class Instance:
    """`interpreter` runs the service's own Python, one thread at a time; `cores` the handlers."""

    interpreter: Servers
    cores: Servers
    open: int = 0
    busy_since: float = 0.0
    idle_since: float = 0.0


@dataclass
class Usage:
    """What is billed by: while an instance has a request open, it counts as a whole."""

    requests: int = 0
    instance_seconds: float = 0.0
    cold_starts: int = 0
    refused: int = 0
    most_instances: int = 0


@dataclass(eq=False)
class Service:
    """Scales for those who wait at once, and by the average of the last minute.

    The average is to make the target utilisation of places or of CPU, whichever wants more
    instances. Requests go to these in turn: Google does not say how it chooses. A `machine` gives
    all instances the same cores.
    """

    env: simpy.Environment
    sizing: Sizing
    figures: Figures
    machine: Servers | None = None
    usage: Usage = field(default_factory=Usage)

    def __post_init__(self) -> None:
        self._free: deque[Instance] = deque()
        self._resting: deque[Instance] = deque()
        self._pending: deque[simpy.Event] = deque()
        self._instances: set[Instance] = set()
        self._starting = 0
        self._open = 0
        self._open_seconds = 0.0
        self._open_since = 0.0
        self._cpu_seconds = 0.0
        for _ in range(self.sizing.min_instances):
            self._add()
        self.env.process(self._scale())

    @property
    def instances(self) -> int:
        return len(self._instances) + self._starting

    def used(self) -> Usage:
        """What was used by now, with the instances that are busy at this moment."""
        busy = sum(self.env.now - one.busy_since for one in self._instances if one.open)
        return replace(self.usage, instance_seconds=self.usage.instance_seconds + busy)

    def enter(self) -> Generator[simpy.Event, Any, Instance]:
        """Wait for a place. Raises `NoInstance`."""
        self.usage.requests += 1
        if not self._free and self._resting:
            self._free.append(self._resting.pop())
        if self._free:
            return self._take()
        place = self.env.event()
        self._pending.append(place)
        self._start(math.ceil(len(self._pending) / self.sizing.concurrency) - self._starting)
        longest = max(self.figures.pending_seconds.value, self.sizing.cold_start)
        yield place | self.env.timeout(longest)
        if not place.triggered:
            self._pending.remove(place)
            self.usage.refused += 1
            raise NoInstance
        given: Any = place.value
        return given  # type: ignore[no-any-return]

    def leave(self, instance: Instance) -> None:
        if self._pending:
            self._pending.popleft().succeed(instance)
            return
        self._count(-1)
        if instance.open == self.sizing.concurrency:
            self._free.append(instance)
        instance.open -= 1
        if not instance.open:
            instance.idle_since = self.env.now
            self.usage.instance_seconds += self.env.now - instance.busy_since

    def compute(self, instance: Instance, seconds: float) -> simpy.Event:
        """Happens when the service's own Python has had so much CPU."""
        self._cpu_seconds += seconds
        return self.env.timeout(instance.interpreter.serve(seconds))

    def handle(self, instance: Instance, seconds: float, cpu_seconds: float) -> simpy.Event:
        """Happens when a handler is done that has so much to wait for and to compute."""
        self._cpu_seconds += cpu_seconds
        return self.env.timeout(max(seconds, instance.cores.serve(cpu_seconds)))

    def _take(self) -> Instance:
        instance = self._free.popleft()
        if not instance.open:
            instance.busy_since = self.env.now
        instance.open += 1
        if instance.open < self.sizing.concurrency:
            self._free.append(instance)
        self._count(+1)
        return instance

    def _count(self, change: int) -> None:
        self._open_seconds += self._open * (self.env.now - self._open_since)
        self._open_since = self.env.now
        self._open += change

    def _start(self, number: int) -> None:
        for _ in range(min(number, self.sizing.max_instances - self.instances)):
            self._starting += 1
            self.usage.cold_starts += 1
            self.usage.most_instances = max(self.usage.most_instances, self.instances)
            self.env.process(self._come_up())

    def _come_up(self) -> Steps:
        yield self.env.timeout(self.sizing.cold_start)
        self._starting -= 1
        self._add()

    def _add(self) -> None:
        interpreter = self.machine or Servers(self.env, 1)
        cores = self.machine or Servers(self.env, max(1, round(self.sizing.vcpus)))
        instance = Instance(interpreter, cores, idle_since=self.env.now)
        self._instances.add(instance)
        self.usage.most_instances = max(self.usage.most_instances, self.instances)
        self._free.append(instance)
        # Whoever waits does so because no other instance has a place.
        while self._pending and self._free:
            self._pending.popleft().succeed(self._take())

    def _scale(self) -> Steps:
        """Every few seconds: enough for the average, and none that was idle for too long."""
        every, target = self.figures.scaling_seconds.value, self.figures.target_utilisation.value
        seen = deque([(0.0, 0.0)], maxlen=round(self.figures.scaling_window.value / every) + 1)
        while True:
            yield self.env.timeout(every)
            self._count(0)
            seen.append((self._open_seconds, self._cpu_seconds))
            seconds = (len(seen) - 1) * every
            places, cpu = ((seen[-1][i] - seen[0][i]) / seconds for i in (0, 1))
            wanted = max(places / self.sizing.concurrency, cpu / self.sizing.vcpus) / target
            self._start(math.ceil(wanted) - self.instances)
            self._rest(math.ceil(wanted))

    def _rest(self, wanted: int) -> None:
        """Instances beyond those wanted get nothing more, and end when they were idle for long."""
        excess = len(self._instances) - len(self._resting) - wanted
        idle = [instance for instance in self._free if not instance.open]
        for instance in idle[: max(0, excess)]:
            self._free.remove(instance)
            self._resting.append(instance)
        longest = self.figures.idle_seconds.value
        while (
            self._resting
            and self.env.now - self._resting[0].idle_since >= longest
            and len(self._instances) > self.sizing.min_instances
        ):
            self._instances.remove(self._resting.popleft())
