"""How much load there is when, and from whom. Pure."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Shape = Callable[[float], float]
"""From the part of the run that has passed, 0 to 1, to the part of the highest rate."""


def steady(_: float) -> float:
    return 1.0


def ramp(passed: float) -> float:
    """From nothing to everything."""
    return passed


def spike(passed: float) -> float:
    """Nothing, then everything at once for a fifth of the time, then nothing."""
    return 1.0 if 1 / 10 <= passed < 3 / 10 else 0.0


def diurnal(passed: float) -> float:
    """A day: little at night, most at noon."""
    return 0.05 + 0.95 * (1 - math.cos(2 * math.pi * passed)) / 2


def outburst(passed: float) -> float:
    """Everything in the middle third of the time."""
    return 1.0 if 1 / 3 <= passed < 2 / 3 else 0.0


@dataclass(frozen=True)
class Tenant:
    """A principal, its part of the highest rate of all together, and its shape."""

    email: str
    part: float
    shape: Shape


@dataclass(frozen=True)
class Scenario:
    """`limit` is how much of the highest rate a principal may submit, or 0 for no limit."""

    tenants: tuple[Tenant, ...]
    limit: float = 0.0

    def callers(self, tenant: Tenant, rate: float, passed: float) -> int:
        """How many callers of the tenant are to be there; each submits a job a second."""
        return math.ceil(tenant.part * rate * tenant.shape(passed) - 1e-9)

    def most(self, tenant: Tenant, rate: float) -> int:
        return math.ceil(tenant.part * rate)


QUIET: Final = "ada@example.com"
NOISY: Final = "bob@example.com"

SCENARIOS: Final[Mapping[str, Scenario]] = {
    **{
        shape.__name__: Scenario((Tenant(QUIET, 1.0, shape),))
        for shape in (steady, ramp, spike, diurnal)
    },
    # The noisy one submits twice as fast as it may.
    "noisy": Scenario((Tenant(QUIET, 0.2, steady), Tenant(NOISY, 0.8, outburst)), limit=0.4),
}
