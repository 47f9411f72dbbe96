"""Counted quantities, and what they cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from deployment.cost.prices import Prices


@dataclass(frozen=True)
class Quantity:
    """So much of something in a month. `price` names an entry of `prices.toml`."""

    item: str
    price: str
    amount: float


@dataclass(frozen=True, kw_only=True)
class Line:
    item: str
    amount: float
    unit: str
    list_dollars: float
    dollars: float
    """With the free tier."""


@dataclass(frozen=True)
class Bill:
    lines: Sequence[Line]

    @property
    def list_dollars(self) -> float:
        return sum(line.list_dollars for line in self.lines)

    @property
    def dollars(self) -> float:
        return sum(line.dollars for line in self.lines)


def bill(quantities: Sequence[Quantity], prices: Prices) -> Bill:
    """A line for each quantity; a free tier is used up in their order."""
    before: dict[str, float] = {}
    lines = []
    for one in quantities:
        price = prices.by_name[one.price]
        used = before.get(one.price, 0.0)
        before[one.price] = used + one.amount
        lines.append(
            Line(
                item=one.item,
                amount=one.amount,
                unit=price.unit,
                list_dollars=price.of(one.amount, free_tier=False),
                dollars=price.of(used + one.amount, free_tier=True)
                - price.of(used, free_tier=True),
            )
        )
    return Bill(lines)
