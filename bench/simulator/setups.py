"""Deployments to ask about."""

import math
from dataclasses import replace

from bench.simulator.cloud_run import Sizing
from bench.simulator.figures import Figures
from bench.simulator.system import Setup
from bench.simulator.walls import push_seconds, submit_seconds

UNLIMITED = 100_000


def as_terraform_has_it(figures: Figures) -> Setup:
    """The defaults of `infra/variables.tf`."""
    return Setup(
        api=Sizing(
            vcpus=1,
            gib=0.5,
            concurrency=72,
            max_instances=5,
            cold_start=figures.api_cold_start.value,
        ),
        worker=Sizing(
            vcpus=2,
            gib=4,
            concurrency=6,
            max_instances=5,
            cold_start=figures.worker_cold_start.value,
        ),
        figures=figures,
    )


def in_use(setup: Setup, rate: float) -> Setup:
    """The same as it is after a while at this rate: nothing has to start any more."""
    figures, at_once = setup.figures, rate * push_seconds(setup)
    worker_cpu = rate * (figures.worker_cpu.value + figures.handler_cpu.value)
    submitting = rate * submit_seconds(setup)
    return replace(
        setup,
        api=_started(setup.api, figures, submitting, rate * figures.api_cpu.value),
        worker=_started(setup.worker, figures, at_once, worker_cpu),
        # Twice what is under way on average: it grew whenever it was full.
        window=max(figures.window_first.value, 2 * at_once),
    )


def _started(sizing: Sizing, figures: Figures, open_requests: float, cpu: float) -> Sizing:
    wanted = max(open_requests / sizing.concurrency, cpu / sizing.vcpus)
    instances = math.ceil(wanted / figures.target_utilisation.value)
    return replace(sizing, min_instances=min(instances, sizing.max_instances))


def with_instances_as_needed(setup: Setup) -> Setup:
    """The same without a limit of instances, to see what comes next."""
    return replace(
        setup,
        api=replace(setup.api, max_instances=UNLIMITED),
        worker=replace(setup.worker, max_instances=UNLIMITED),
    )
