"""Cold starts as a picture."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from bench.cold_start.figures import ColdStarts

INCHES = (12.0, 5.0)
PACKAGES = 8


def draw(found: ColdStarts, path: Path) -> None:
    """Every start as a dot, and what the imports are made of."""
    figure = Figure(figsize=INCHES, layout="constrained")
    starts, imports = figure.subplots(1, 2)
    _dots(starts, found)
    _stacks(imports, found)
    figure.suptitle(f"{found.circumstances['machine']}; {found.circumstances['date']}")
    figure.savefig(path, metadata={"Date": None})


def _dots(axes: Any, found: ColdStarts) -> None:
    for name, starts in found.starts.items():
        times = [one.seconds * 1000 for one in starts]
        axes.plot([name] * len(times), times, "o", alpha=0.5)
    axes.set_ylim(bottom=0)
    axes.set_title("from exec to the first 200, ms", fontsize=10)
    axes.tick_params(axis="x", rotation=15)


def _stacks(axes: Any, found: ColdStarts) -> None:
    names = list(found.imports)
    most = {
        package: max(one.packages.get(package, 0.0) for one in found.imports.values())
        for imports in found.imports.values()
        for package in imports.packages
    }
    shown = sorted(most, key=lambda package: -most[package])[:PACKAGES]
    tops = [0.0] * len(names)
    for package in shown:
        heights = [found.imports[name].packages.get(package, 0.0) for name in names]
        axes.bar(names, heights, bottom=tops, label=package)
        tops = [low + height for low, height in zip(tops, heights, strict=True)]
    others = [found.imports[name].total - top for name, top in zip(names, tops, strict=True)]
    axes.bar(names, others, bottom=tops, label="others", color="lightgrey")
    axes.set_title("imports by package, ms, by -X importtime", fontsize=10)
    axes.legend(fontsize=8)
    axes.tick_params(axis="x", rotation=15)
