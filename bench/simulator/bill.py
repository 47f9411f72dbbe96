"""A month's bill: what `./dev cost` counts, with the instances that the model saw."""

from dataclasses import replace

from bench.simulator.cloud_run import Sizing, Usage
from bench.simulator.scenarios import Steady
from bench.simulator.system import Setup
from deployment.cost.bill import Bill, bill
from deployment.cost.model import dormouse
from deployment.cost.prices import Prices, read_prices
from deployment.cost.workload import SECONDS, Deployment, Service, Workload, read_measured


def month(setup: Setup, seen: Steady, prices: Prices | None = None) -> Bill:
    """If what was seen goes on for a month."""
    counted = dormouse(_workload(setup, seen), read_measured(), _deployment(setup))
    processors = {
        "API, processors": _instance_seconds(seen.api, seen) * setup.api.vcpus,
        "API, memory": _instance_seconds(seen.api, seen) * setup.api.gib,
        "worker, processors": _instance_seconds(seen.worker, seen) * setup.worker.vcpus,
        "worker, memory": _instance_seconds(seen.worker, seen) * setup.worker.gib,
    }
    seen_instead = [replace(one, amount=processors.get(one.item, one.amount)) for one in counted]
    return bill(seen_instead, prices or read_prices())


def counted_month(setup: Setup, seen: Steady, prices: Prices | None = None) -> Bill:
    """The same month as `./dev cost` has it, by formulas alone."""
    counted = dormouse(_workload(setup, seen), read_measured(), _deployment(setup))
    return bill(counted, prices or read_prices())


def _workload(setup: Setup, seen: Steady) -> Workload:
    figures = setup.figures
    return Workload(
        jobs=seen.jobs / seen.seconds * SECONDS,
        duration=figures.handler.p50,
        handler_cpu=figures.handler_cpu.value,
        reads=0,
    )


def _deployment(setup: Setup) -> Deployment:
    return Deployment(api=_service(setup.api), worker=_service(setup.worker))


def _service(sizing: Sizing) -> Service:
    return Service(cpu=sizing.vcpus, memory=sizing.gib, concurrency=sizing.concurrency)


def _instance_seconds(usage: Usage, seen: Steady) -> float:
    return usage.instance_seconds / seen.seconds * SECONDS
