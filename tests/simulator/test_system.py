"""The whole model: conservation, Little's law, its ceilings, and that it repeats itself."""

import re
from dataclasses import replace
from statistics import mean

import msgspec
import pytest

from bench.simulator.bill import counted_month, month
from bench.simulator.cloud_run import Steps, Usage
from bench.simulator.questions import with_shards_for
from bench.simulator.scenarios import Steady, in_turns, percentile, spike, steady
from bench.simulator.setups import in_use, with_instances_as_needed
from bench.simulator.system import Machine, Setup, System
from bench.simulator.walls import first, push_seconds, seconds_to_ramp, submit_seconds, walls
from deployment.cost.workload import SECONDS
from tests.infra.terraform import Terraform
from tests.simulator.conftest import figure, fixed


def test_the_same_seed_gives_the_same_answers(setup: Setup) -> None:
    """A result can be had again; another seed gives another one."""
    one, again = (spike(setup, 300, over=1) for _ in range(2))
    assert one == again
    assert spike(replace(setup, seed=2), 300, over=1) != one


def test_every_job_is_done_once(setup: Setup) -> None:
    """All that was submitted is finished, by three writes each, though many were refused."""
    slow = msgspec.structs.replace(setup.figures, handler=fixed(5.0))
    small = replace(setup, figures=slow, worker=replace(setup.worker, max_instances=1))
    system = System(small)
    for _ in range(100):
        system.env.process(system.submit())
    system.env.run(7200)
    assert all(job.finished and job.accepted for job in system.jobs)
    assert system.done == len(system.jobs) == 100
    assert system.firestore.writes == 300
    assert system.job_messages.refusals > 0


def test_littles_law_holds(setup: Setup) -> None:
    """How many are in the system on average is the rate times the time that each is."""
    rate = 50.0
    system = System(in_use(setup, rate))
    env = system.env
    inside: list[int] = []

    def arrive() -> Steps:
        chance = system._chance
        while env.now < 200:
            yield env.timeout(chance.expovariate(rate))
            env.process(system.submit())

    def look() -> Steps:
        while env.now < 200:
            yield env.timeout(0.01)
            inside.append(len(system.jobs) - system.done)

    env.process(arrive())
    env.process(look())
    env.run(200)
    times = [job.finished - job.submitted for job in system.jobs if job.finished]
    assert mean(inside) == pytest.approx(len(system.jobs) / 200 * mean(times), rel=0.02)


def test_an_idle_system_takes_as_long_as_its_parts(setup: Setup) -> None:
    """Without a queue anywhere, the time to the result is the sum of the times on the way."""
    figures = msgspec.structs.replace(
        setup.figures,
        commit=fixed(0.01),
        publish=fixed(0.02),
        delivery=fixed(0.03),
        handler=fixed(0.5),
        index_writes=figure(1e9),
    )
    quiet = in_use(replace(setup, figures=figures), 1)
    seen = steady(quiet, 0.5, warm_up=20, seconds=400)
    assert seen.accepted_p50 == pytest.approx(submit_seconds(quiet), rel=0.01)
    on_the_way = figures.api_cpu.value / 2 + 0.01 + 0.02 + 0.03
    assert seen.result_p50 == pytest.approx(on_the_way + push_seconds(quiet), rel=0.01)


def is_sustained(setup: Setup, rate: float) -> bool:
    return steady(in_use(setup, rate), rate, warm_up=10, seconds=15).sustained


def test_the_index_wall_is_where_it_ends(setup: Setup) -> None:
    """A little below the wall that its limits give, the model keeps up; a little above, not."""
    needed = replace(with_instances_as_needed(setup), shards=1)
    wall = first(one for one in walls(needed) if one.name.startswith("Firestore"))
    assert wall.name.endswith("shard, wake_at")
    assert wall.jobs_a_second == pytest.approx(500 / 3)
    assert is_sustained(needed, wall.jobs_a_second * 0.9)
    assert not is_sustained(needed, wall.jobs_a_second * 1.1)


def test_the_workers_wall_is_where_it_ends(setup: Setup) -> None:
    """With few places for handlers, these are what counts."""
    constant = msgspec.structs.replace(setup.figures, commit=fixed(0.012))
    small = replace(setup, figures=constant, worker=replace(setup.worker, max_instances=3))
    wall = first(walls(small))
    assert wall.name.startswith("worker: places")
    assert is_sustained(small, wall.jobs_a_second * 0.9)
    assert not is_sustained(small, wall.jobs_a_second * 1.1)


def test_a_machine_of_its_own_is_shared_by_everything(setup: Setup) -> None:
    """Locally, jobs a second are the cores divided by all the CPU that a job takes."""
    at_once = fixed(1e-6)
    figures = msgspec.structs.replace(
        setup.figures,
        commit=at_once,
        publish=at_once,
        delivery=at_once,
        handler=at_once,
        handler_cpu=figure(0),
        index_writes=figure(1e9),
    )
    local = replace(
        setup,
        figures=figures,
        api=replace(setup.api, min_instances=1, max_instances=1),
        worker=replace(setup.worker, min_instances=1, max_instances=1, concurrency=8),
        window=1000.0,
        machine=Machine(cores=2, call_cpu=0.003, other_cpu=0.001),
    )
    a_job = figures.api_cpu.value + figures.worker_cpu.value + 0.013
    assert in_turns(local, 8, 2000) == pytest.approx(2 / a_job, rel=0.05)


def test_shards_are_added_until_there_is_room(setup: Setup) -> None:
    """The next power of two that uses at most seven tenths of the index ranges."""
    assert with_shards_for(setup, 100).shards == 8
    assert with_shards_for(setup, 10_000).shards == 128


def test_the_ramp_takes_its_time(setup: Setup) -> None:
    """3,000 writes a second take five steps of five minutes from 500."""
    assert seconds_to_ramp(setup, 100) == 0
    assert seconds_to_ramp(setup, 1000) == 5 * 300


def test_a_bill_is_what_was_used_at_list_price(setup: Setup) -> None:
    """One instance of the API and two of the worker busy throughout, and one job a second."""
    seen = Steady(
        rate=1,
        sustained=True,
        jobs_a_second=1,
        accepted_p50=0,
        accepted_p99=0,
        result_p50=0,
        result_p99=0,
        seconds=100,
        api=Usage(requests=100, instance_seconds=100),
        worker=Usage(requests=100, instance_seconds=200),
        writes=300,
        jobs=100,
    )
    lines = {line.item: line for line in month(setup, seen).lines}
    assert lines["API, processors"].amount == pytest.approx(SECONDS)
    assert lines["worker, memory"].amount == pytest.approx(2 * 4 * SECONDS)
    assert lines["documents written"].list_dollars == pytest.approx(3 * SECONDS * 0.09 / 100_000)


def test_the_model_and_the_formulas_come_to_much_the_same_bill(setup: Setup) -> None:
    """`./dev cost` counts instances by a formula; where the load is steady the two are close."""
    seen = steady(in_use(setup, 100), 100, warm_up=20, seconds=60)
    simulated, counted = month(setup, seen).list_dollars, counted_month(setup, seen).list_dollars
    assert simulated == pytest.approx(counted, rel=0.3)


def test_percentiles_are_of_what_there_is() -> None:
    """The smallest value that so many percent don't exceed."""
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4], 99) == 4
    assert percentile([], 99) == float("inf")


def test_sizes_are_terraforms(setup: Setup) -> None:
    """What the model calls a deployment as Terraform has it is the defaults of `infra/`."""
    terraform = Terraform()
    api, worker, limits = (_defaults(terraform, name) for name in ("api", "worker", "limits"))
    assert setup.api.max_instances == int(api["max_instances"])
    assert setup.api.vcpus == float(api["cpu"])
    assert setup.api.gib * 1024 == float(api["memory"].removesuffix("Mi"))
    assert setup.api.concurrency == terraform.locals["api_concurrency"]
    assert setup.worker.max_instances == int(worker["max_instances"])
    assert setup.worker.vcpus == float(worker["cpu"])
    assert setup.worker.gib * 1024 == float(worker["memory_mib"])
    assert setup.worker.concurrency == int(worker["processes"])
    assert setup.submit_rate == float(limits["submit_rate"])


def _defaults(terraform: Terraform, variable: str) -> dict[str, str]:
    written = terraform.variables[variable]["type"]
    return dict(re.findall(r'(\w+) = optional\(\w+, "?([\w.]+)"?\)', written))
