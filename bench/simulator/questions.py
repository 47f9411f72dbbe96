"""The questions that the page answers, asked of the model."""

from dataclasses import dataclass, replace

from bench.simulator.bill import counted_month, month
from bench.simulator.scenarios import Spike, Steady, spike, steady
from bench.simulator.setups import in_use, with_instances_as_needed
from bench.simulator.system import Setup
from bench.simulator.walls import Wall, first, walls
from deployment.cost.bill import Bill

RATES = (10.0, 100.0, 1000.0, 10_000.0)
SPIKE_JOBS, SPIKE_SECONDS = 10_000, 10.0
MEASURED_JOBS = 20_000
"""Enough for the 99th percentile, few enough to be patient."""
COMFORTABLE = 0.7
"""How much of an index range may be used, so that writes don't queue for it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of a deployment at a rate. There is no bill where it is not sustained."""

    name: str
    setup: Setup
    wall: Wall
    seen: Steady
    bill: Bill | None
    counted: Bill | None


def rates(setup: Setup) -> list[Answer]:
    """Each rate with the deployment as it is, and then with what it takes to sustain it."""
    answers = []
    for rate in RATES:
        candidates = {
            "as Terraform has it": setup,
            "instances as needed": with_instances_as_needed(setup),
            "and more shards": with_shards_for(with_instances_as_needed(setup), rate),
        }
        for name, candidate in candidates.items():
            answers.append(answer(name, candidate, rate))
            if answers[-1].seen.sustained:
                break
    return answers


def answer(name: str, setup: Setup, rate: float) -> Answer:
    seconds = MEASURED_JOBS / rate
    seen = steady(in_use(setup, rate), rate, warm_up=max(5.0, seconds / 4), seconds=seconds)
    return Answer(
        name=name,
        setup=setup,
        wall=first(walls(setup)),
        seen=seen,
        bill=month(setup, seen) if seen.sustained else None,
        counted=counted_month(setup, seen) if seen.sustained else None,
    )


def with_shards_for(setup: Setup, rate: float) -> Setup:
    """The next power of two that leaves the index ranges room."""
    shards = setup.shards
    while first(_of_firestore(replace(setup, shards=shards))).jobs_a_second * COMFORTABLE < rate:
        shards *= 2
    return replace(setup, shards=shards)


def _of_firestore(setup: Setup) -> list[Wall]:
    return [wall for wall in walls(setup) if wall.name.startswith("Firestore")]


def spikes(setup: Setup) -> dict[str, Spike]:
    """The spike from nothing, by deployment."""
    needed = with_instances_as_needed(setup)
    return {
        "as Terraform has it": spike(setup, SPIKE_JOBS, over=SPIKE_SECONDS),
        "instances as needed": spike(needed, SPIKE_JOBS, over=SPIKE_SECONDS),
        "as Terraform has it, and Firestore at 500 writes a second at first": spike(
            replace(setup, ramp=True), SPIKE_JOBS, over=SPIKE_SECONDS
        ),
    }
