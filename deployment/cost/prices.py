"""What things cost, from one dated file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

DAYS = 365.25 / 12
"""Of a month."""
FILE = Path(__file__).parent / "prices.toml"


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`dollars` for each `per` units, beyond `free` units a month or a day."""

    unit: str
    dollars: float
    per: float = 1
    free: float = 0
    free_daily: bool = False
    source: str
    read: Literal["primary", "secondary", "believed"]

    def of(self, quantity: float, *, free_tier: bool) -> float:
        """Dollars for a month's quantity.

        A daily allowance is taken as if each day used its share: what a quiet day leaves is lost.
        """
        free = self.free * (DAYS if self.free_daily else 1) if free_tier else 0
        return max(0.0, quantity - free) * self.dollars / self.per


@dataclass(frozen=True, kw_only=True)
class Prices:
    """As they were read at a date, in a region."""

    date: str
    region: str
    by_name: Mapping[str, Price]


def read_prices(path: Path = FILE) -> Prices:
    """Raises `ValidationError` for a price that lacks something."""
    table = tomllib.loads(path.read_text())
    date, region = str(table.pop("date")), str(table.pop("region"))
    by_name = {name: msgspec.convert(entry, Price) for name, entry in table.items()}
    return Prices(date=date, region=region, by_name=by_name)
