"""How long the sweep holds its request: what a quiet month does not pay, and a busy one does.

A sweep looks 70 seconds ahead (`worker.sweep.sweep.AHEAD`) and stays until the last job that it has
found due has had its moment. Besides delayed jobs it finds those that were submitted and not yet
claimed, which want to be looked at in a minute. It does not stay for running ones, nor for
schedules at full minutes: the sweep of that minute fires them.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from jobs.job.transitions import REDISPATCH_DELAY
from worker.sweep.sweep import AHEAD

EVERY = 60.0
"""Seconds from one sweep to the next."""
HORIZON = AHEAD.total_seconds()


@dataclass(frozen=True)
class Held:
    """With this probability a sweep finds something that it stays for until this moment."""

    probability: float
    seconds: float


def found_at_a_sweep(*, submitted: float, dispatch_seconds: float) -> list[Held]:
    """`submitted` jobs a second wait for their claim."""
    return [Held(_some(submitted * dispatch_seconds), REDISPATCH_DELAY.total_seconds())]


def mean_hold(found: Sequence[Held], delayed: float) -> float:
    """Seconds, the mean of the latest moment; `delayed` jobs a second come due at random.

    That is the integral of the chance that something is due after each moment up to the horizon.
    """
    steps = sorted({0.0, HORIZON, *(min(one.seconds, HORIZON) for one in found)})
    seconds = 0.0
    for begin, end in pairwise(steps):
        nothing = math.prod(1 - one.probability for one in found if one.seconds >= end)
        seconds += (end - begin) - nothing * _quiet(begin, end, delayed)
    return seconds


def _quiet(begin: float, end: float, delayed: float) -> float:
    """The integral, over the moments in between, of the chance that no delayed job is later."""
    if not delayed:
        return end - begin
    first, last = (math.exp(-delayed * (HORIZON - moment)) for moment in (begin, end))
    return (last - first) / delayed


def _some(mean: float) -> float:
    return 1 - math.exp(-mean)
