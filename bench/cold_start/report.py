"""Cold starts as a Markdown page."""

from collections.abc import Iterable, Sequence

from bench.cold_start.figures import ColdStarts, Start
from bench.comparison.figures import Spread, ratio

TARGET = 2.0
PACKAGES = 12


def page(found: ColdStarts) -> str:
    return "\n".join(
        [
            "# Cold starts",
            "",
            _HOW_TO_READ,
            "",
            *(f"- {name}: {value}" for name, value in found.circumstances.items()),
            "",
            *_table(found),
            "",
            "![Starts and imports](cold-start.svg)",
            "",
            "## Imports",
            "",
            *_imports(found),
            "",
        ]
    )


_HOW_TO_READ = """\
Written by `./dev bench cold-start`. From exec to the first 200 of `/livez`, without containers and
without what Cloud Run adds before exec. A cell has the median of the starts, the lowest and the
highest; the ratio is the median of the ratios to the bare Flask that was started just before."""


def _table(found: ColdStarts) -> Iterable[str]:
    yield "| | to the first 200, ms | beside bare Flask | CPU, ms | memory, MiB (PSS) |"
    yield "|---|--:|--:|--:|--:|"
    names = list(found.starts)
    for bare, service in zip(names[::2], names[1::2], strict=True):
        yield _row(bare, found.starts[bare], "")
        times, bare_times = (
            [one.seconds for one in found.starts[name]] for name in (service, bare)
        )
        beside = ratio(times, bare_times)
        word = "within" if beside <= TARGET else "beyond"
        yield _row(service, found.starts[service], f"{beside:.2f}, {word} {TARGET:g}")


def _row(name: str, starts: Sequence[Start], beside: str) -> str:
    cells = (
        _cell([one.seconds * 1000 for one in starts]),
        beside,
        _cell([one.cpu_seconds * 1000 for one in starts]),
        _cell([one.pss_mib for one in starts]),
    )
    return f"| {name} | {' | '.join(cells)} |"


def _cell(values: Sequence[float]) -> str:
    spread = Spread.of(values)
    return f"{spread.median:.0f} ({spread.low:.0f} to {spread.high:.0f})"


def _imports(found: ColdStarts) -> Iterable[str]:
    """A column for each subject that has something of its own to import."""
    yield _ABOUT_IMPORTS
    yield ""
    yield f"| package, ms | {' | '.join(found.imports)} |"
    yield "|---" + "|--:" * len(found.imports) + "|"
    most: dict[str, float] = {}
    for imports in found.imports.values():
        for name, taken in imports.packages.items():
            most[name] = max(taken, most.get(name, 0.0))
    shown = sorted(most, key=lambda name: -most[name])[:PACKAGES]
    for name in shown:
        cells = [f"{one.packages.get(name, 0.0):.1f}" for one in found.imports.values()]
        yield f"| {name} | {' | '.join(cells)} |"
    totals = [f"{one.total:.1f}" for one in found.imports.values()]
    yield f"| all, with those not shown | {' | '.join(totals)} |"


_ABOUT_IMPORTS = """\
Of one start each, by `python -X importtime`, which makes imports slower: the shares count. A
module's own time, added up by package."""
