"""Firestore, as far as it limits: index ranges that grow at one end, and the ramp of traffic."""

import random

import simpy

from bench.simulator.figures import Figures
from bench.simulator.servers import Servers


class Firestore:
    """A write of a job moves its entry in the `wake_at` index of its shard, the busiest of all.

    Each such range takes `index_writes` a second, one after another. With `ramp`, the database
    as a whole takes `ramp_writes` a second at first and more only later: Google's advice for new
    traffic, taken as if it were a limit.
    """

    def __init__(
        self,
        env: simpy.Environment,
        figures: Figures,
        chance: random.Random,
        shards: int,
        *,
        ramp: bool = False,
    ) -> None:
        self._env = env
        self._figures = figures
        self._chance = chance
        self._ranges = [Servers(env, 1) for _ in range(shards)]
        self._whole = Servers(env, 1) if ramp else None
        self.writes = 0

    def commit(self, shard: int) -> simpy.Event:
        """Happens when a write to one document is done."""
        self.writes += 1
        wait = self._ranges[shard].wait(1 / self._figures.index_writes.value)
        if self._whole:
            wait = max(wait, self._whole.wait(1 / self.writes_a_second()))
        # What the write itself takes is part of a commit's time.
        return self._env.timeout(wait + self._figures.commit.sample(self._chance))

    def writes_a_second(self) -> float:
        """What the ramp allows by now."""
        steps = self._env.now // self._figures.ramp_seconds.value
        allowed: float = self._figures.ramp_writes.value * self._figures.ramp_growth.value**steps
        return allowed
