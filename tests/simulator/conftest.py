"""The committed figures, and a deployment fed with them."""

import pytest

from bench.simulator.__main__ import RESULTS
from bench.simulator.figures import Figure, Figures, Latency, load
from bench.simulator.setups import as_terraform_has_it
from bench.simulator.system import Setup


@pytest.fixture
def figures() -> Figures:
    return load(RESULTS / "figures-2026-11-23.json")


@pytest.fixture
def setup(figures: Figures) -> Setup:
    return as_terraform_has_it(figures)


def fixed(seconds: float) -> Latency:
    """Always as long."""
    return Latency(p50=seconds, p99=seconds, basis="assumed", source="a test")


def figure(value: float) -> Figure:
    return Figure(value=value, basis="assumed", source="a test")
