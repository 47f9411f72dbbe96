"""Cold starts as data."""

from collections.abc import Mapping, Sequence

import msgspec


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One start: from exec to the first 200, with the CPU and the memory of all its processes."""

    seconds: float
    cpu_seconds: float
    pss_mib: float


class Imports(msgspec.Struct, frozen=True, kw_only=True):
    """Milliseconds that one start spent on importing, by package, the costliest first.

    Measured by the interpreter, which makes imports slower: the shares count.
    """

    packages: Mapping[str, float]

    @property
    def total(self) -> float:
        return sum(self.packages.values())


class ColdStarts(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run, as it is kept in `bench/results/cold-start.json`."""

    circumstances: Mapping[str, str]
    starts: Mapping[str, Sequence[Start]]
    imports: Mapping[str, Imports]
