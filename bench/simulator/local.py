"""The model against a machine: what it says of a local run that was measured."""

import re
from dataclasses import dataclass, replace
from statistics import median

import msgspec

from bench.comparison.figures import Comparison, Round
from bench.simulator.cloud_run import Sizing
from bench.simulator.figures import Figure, Figures, Latency
from bench.simulator.scenarios import in_turns, steady
from bench.simulator.system import CALLS, Machine, Setup

OURS, FLOOR = "dormouse", "floor"
CALLERS, JOBS, PACED = 8, 2000, 10.0
"""As `./dev bench` does it: bench/comparison/plan.py."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One figure, as it was measured and as the model has it."""

    name: str
    measured: float
    simulated: float

    @property
    def ratio(self) -> float:
        return self.simulated / self.measured


def measured(figures: Figures, comparison: Comparison) -> Figures:
    """The figures with the CPU that a comparison measured in place of what was assumed."""
    source = f"./dev bench, {comparison.circumstances['date']}"

    def cpu(service: str) -> Figure:
        values = comparison.of(OURS, lambda one: one.services[service].cpu_ms)
        return Figure(value=median(values) / 1000, basis="measured", source=source)

    message = comparison.per_job[OURS].message_bytes
    return msgspec.structs.replace(
        figures,
        api_cpu=cpu("api"),
        worker_cpu=cpu("worker"),
        job_message_bytes=Figure(value=message, basis="measured", source=source),
    )


def checks(figures: Figures, comparison: Comparison) -> list[Check]:
    """What the floor's run says of the machine, put into the model, and what that makes of ours.

    From the floor come the CPU of callers and emulators, and the time that calls take: nothing of
    what is compared goes in, except our own CPU for each job.
    """
    setup = _on_the_machine(figures, comparison)
    light = steady(setup, PACED, warm_up=20, seconds=100)
    ours = _rounds(comparison, OURS)
    return [
        Check(
            name=f"jobs a second, {CALLERS} callers in turns",
            measured=median(one.jobs_per_second for one in ours),
            simulated=in_turns(setup, CALLERS, JOBS),
        ),
        Check(
            name=f"submission answered, p50 in ms, {PACED:g} jobs a second",
            measured=median(one.submit.p50 for one in ours),
            simulated=light.accepted_p50 * 1000,
        ),
        Check(
            name=f"result there, p50 in ms, {PACED:g} jobs a second",
            measured=median(one.result.p50 for one in ours),
            simulated=light.result_p50 * 1000,
        ),
    ]


def _on_the_machine(figures: Figures, comparison: Comparison) -> Setup:
    cores = _cores(comparison)
    floor = _rounds(comparison, FLOOR)
    rest = median(cores / one.jobs_per_second - one.cpu_ms / 1000 for one in floor)
    api, worker = (median(one.services[name].cpu_ms for one in floor) for name in ("api", "worker"))
    submit = median(one.submit.p50 for one in floor) - api
    after = median(one.result.p50 - one.submit.p50 for one in floor) - worker
    call_cpu = min(rest / CALLS, submit / 2 / 1000)
    local = msgspec.structs.replace(
        measured(figures, comparison),
        handler=_fixed(0.0),
        handler_cpu=Figure(value=0.0, basis="measured", source="part of the worker's"),
        # A submission waits for two calls, a result for two more.
        commit=_fixed(submit / 2 - call_cpu * 1000),
        publish=_fixed(submit / 2 - call_cpu * 1000),
        delivery=_fixed(after - submit),
    )
    one = Sizing(
        vcpus=cores, gib=1, concurrency=80, max_instances=1, cold_start=0.0, min_instances=1
    )
    return Setup(
        api=one,
        worker=replace(one, concurrency=8),
        figures=local,
        window=1000.0,
        machine=Machine(cores=cores, call_cpu=call_cpu, other_cpu=rest - CALLS * call_cpu),
    )


def _fixed(milliseconds: float) -> Latency:
    seconds = max(1e-6, milliseconds / 1000)
    return Latency(p50=seconds, p99=seconds, basis="measured", source="the floor's run")


def _cores(comparison: Comparison) -> int:
    found = re.search(r"(\d+) CPUs", comparison.circumstances["machine"])
    if not found:
        raise ValueError("the comparison does not say how many CPUs its machine had")
    return int(found[1])


def _rounds(comparison: Comparison, system: str) -> list[Round]:
    return [one for one in comparison.rounds if one.system == system]
