"""Servers with one line before them, in the order of arrival."""

import heapq

import simpy


class Servers:
    """A fixed number of them; each serves one at a time.

    An arrival's wait follows from those before it, so it costs the simulation one event.
    """

    def __init__(self, env: simpy.Environment, number: int) -> None:
        self._env = env
        self._free_at = [0.0] * number

    def wait(self, seconds: float) -> float:
        """How long somebody waits who arrives now, to be served for so long."""
        start = max(self._env.now, self._free_at[0])
        heapq.heapreplace(self._free_at, start + seconds)
        return start - self._env.now

    def serve(self, seconds: float) -> float:
        """How long from now until somebody who arrives now has been served for so long."""
        return self.wait(seconds) + seconds
