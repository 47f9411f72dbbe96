"""What goes wrong in a run, and how often: some faults in each, chosen by its seed.

Swarm testing: a run with few kinds of faults goes deeper into these than one that has them all.
https://www.cs.utah.edu/~regehr/papers/swarm12.pdf
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Chances are by call of a port, or by what they name; times are in seconds."""

    minutes: float
    jobs: int
    schedules: int
    webhook: bool
    notifies: float
    cancels: float
    asks_again: float
    limits: bool
    """Whether the workers have few places."""
    over_http: bool
    """Whether both Flask applications stand between, which takes longer."""
    calm: bool
    """Nothing goes wrong: then it counts, too, how soon and at what cost things are done."""
    store_fails: float
    late_by: float
    """How long a commit without an answer may take to be made all the same."""
    store_away: float
    queue_fails: float
    crashes: float
    handler_dies: float
    stopped_every: float
    freezes: float
    frozen_for: float
    stalls: float
    stalled_for: float
    messages_lost: float
    messages_twice: float
    message_takes: float
    answers_lost: float
    clocks_apart: float
    clock_set_every: float
    sweeps_missed: float
    sweeps_twice: float
    older_release: bool
    """Whether some workers don't know a job type yet."""
    slow: float
    slow_by: float
    deliveries: int
    """After how many pushes a message is a dead letter. Pub/Sub takes five at least."""


def plan_of(rng: Random) -> Plan:
    """The plan of a seed."""

    def likely(chance: float) -> bool:
        return rng.random() < chance

    def some(chance: float, low: float, high: float) -> float:
        return rng.uniform(low, high) if likely(chance) else 0.0

    plan = Plan(
        minutes=rng.uniform(2, 10),
        jobs=rng.randint(2, 7),
        schedules=rng.choice([0, 0, 1, 2]),
        webhook=likely(0.4),
        notifies=some(0.6, 0.2, 1.0),
        cancels=some(0.5, 0.1, 0.5),
        asks_again=some(0.4, 0.1, 0.5),
        limits=likely(0.7),
        over_http=likely(0.02),
        calm=likely(0.1),
        store_fails=some(0.6, 0.01, 0.15),
        late_by=rng.choice([1.0, 10.0, 60.0]),
        store_away=some(0.25, 10, 120),
        queue_fails=some(0.5, 0.05, 0.4),
        crashes=some(0.6, 0.0002, 0.004),
        handler_dies=some(0.4, 0.005, 0.05),
        stopped_every=some(0.4, 30, 400),
        freezes=some(0.5, 0.0005, 0.004),
        frozen_for=rng.choice([3.0, 30.0, 150.0]),
        stalls=some(0.5, 0.001, 0.01),
        stalled_for=rng.choice([1.0, 20.0, 150.0]),
        messages_lost=some(0.5, 0.05, 0.5),
        messages_twice=some(0.5, 0.05, 0.4),
        message_takes=rng.choice([0.05, 1.0, 30.0]),
        answers_lost=some(0.4, 0.02, 0.2),
        clocks_apart=some(0.6, 0.1, 5.0),
        clock_set_every=some(0.2, 20, 200),
        sweeps_missed=some(0.4, 0.1, 0.6),
        sweeps_twice=some(0.4, 0.1, 0.6),
        older_release=likely(0.15),
        slow=rng.choice([0.02, 0.2, 0.6]),
        slow_by=rng.choice([0.005, 0.05, 1.0]),
        deliveries=rng.choice([1, 5, 50]),
    )
    return without_faults(plan, rng.choice([0.0, 60.0])) if plan.calm else plan


FAULTS = (
    "store_fails",
    "store_away",
    "queue_fails",
    "crashes",
    "handler_dies",
    "stopped_every",
    "freezes",
    "stalls",
    "messages_lost",
    "messages_twice",
    "answers_lost",
    "clocks_apart",
    "clock_set_every",
    "sweeps_missed",
    "sweeps_twice",
    "older_release",
    "cancels",
    "asks_again",
)


def without_faults(plan: Plan, stopped_every: float) -> Plan:
    """The plan with nothing that goes wrong, but that workers are told to stop now and then."""
    changes: dict[str, Any] = {
        **dict.fromkeys(FAULTS, 0.0),
        "older_release": False,
        "stopped_every": stopped_every,
        "limits": False,
        "message_takes": 0.05,
        "slow": 0.2,
        "slow_by": 0.005,
        "deliveries": 50,
    }
    return replace(plan, **changes)


def shrunk(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """A plan that fails too, with as few faults and jobs as can be had by taking one away."""
    for name in (*FAULTS, "schedules", "webhook", "notifies"):
        if getattr(plan, name):
            smaller = replace(plan, **{name: type(getattr(plan, name))(0)})
            if fails(smaller):
                plan = smaller
    while plan.jobs > 1 and fails(smaller := replace(plan, jobs=plan.jobs - 1)):
        plan = smaller
    return plan


def described(plan: Plan) -> str:
    """The plan's settings that say something."""
    settings = ((one.name, getattr(plan, one.name)) for one in fields(plan))
    return ", ".join(f"{name}={value}" for name, value in settings if value)
