"""The comparison as a picture."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter

from bench.comparison.figures import Comparison, Round, Spread

INCHES = (13.0, 8.5)
TALLEST = 2.5
"""A bar that is higher than so many times the next one is cut, so that the others can be seen."""
_SHADES = {"api": "#4477aa", "worker": "#ee9944"}
_MARKERS = {"p50": "o", "p95": "^", "p99": "x"}


def draw(comparison: Comparison, path: Path) -> None:
    """Medians of the rounds; a line shows the rounds' spread."""
    figure = Figure(figsize=INCHES, layout="constrained")
    cpu, memory, submit, throughput, idle, result = figure.subplots(2, 3).flat
    _bars(cpu, comparison, "CPU a job, ms", lambda one, name: one.services[name].cpu_ms)
    _bars(
        memory, comparison, "peak memory, MiB (PSS)", lambda one, name: one.services[name].pss_mib
    )
    _bars(
        idle,
        comparison,
        "CPU while idle, ms a second",
        lambda one, name: one.services[name].idle_cpu_ms,
    )
    _percentiles(submit, comparison, "submit, ms", lambda one, name: getattr(one.submit, name))
    _percentiles(
        result, comparison, "submit to result, ms", lambda one, name: getattr(one.result, name)
    )
    _spread(throughput, comparison, "sustained jobs a second", lambda one: one.jobs_per_second)
    figure.suptitle(
        f"{comparison.circumstances['machine']}; {comparison.circumstances['date']};"
        " Firestore and Pub/Sub emulated"
    )
    # No date in the file, so that drawing the same figures again changes nothing.
    figure.savefig(path, metadata={"Date": None})


def _bars(
    axes: Any, comparison: Comparison, title: str, figure: Callable[[Round, str], float]
) -> None:
    """One bar for each system, its services on top of each other, the sum written above."""
    tops = [0.0] * len(comparison.systems)
    for service, shade in _SHADES.items():
        heights = _medians(comparison, lambda one, name=service: figure(one, name))  # type: ignore[misc]
        axes.bar(comparison.systems, heights, bottom=tops, color=shade, label=service)
        tops = [low + height for low, height in zip(tops, heights, strict=True)]
    ceiling = ceiling_of(tops)
    axes.set_ylim(0, ceiling * 1.1)
    for place, top in enumerate(tops):
        axes.text(place, min(top, ceiling) * 1.01, f"{top:.1f}", ha="center", va="bottom")
    axes.legend()
    _finish(axes, title)


def ceiling_of(tops: Sequence[float]) -> float:
    """How high the axis must go: to the highest bar, unless that towers above all others."""
    *_, second, highest = sorted([0.0, *tops])
    return min(highest, second * TALLEST) if second else highest or 1.0


def _percentiles(
    axes: Any, comparison: Comparison, title: str, figure: Callable[[Round, str], float]
) -> None:
    for name, marker in _MARKERS.items():
        heights = _medians(comparison, lambda one, name=name: figure(one, name))  # type: ignore[misc]
        axes.plot(comparison.systems, heights, marker, markersize=8, label=name)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_minor_formatter(ScalarFormatter())
    axes.grid(axis="y", which="both", alpha=0.3)
    axes.legend()
    _finish(axes, title)


def _spread(
    axes: Any, comparison: Comparison, title: str, figure: Callable[[Round], float]
) -> None:
    spreads = [Spread.of(comparison.of(system, figure)) for system in comparison.systems]
    heights = [spread.median for spread in spreads]
    down = [spread.median - spread.low for spread in spreads]
    up = [spread.high - spread.median for spread in spreads]
    axes.bar(comparison.systems, heights, yerr=(down, up), color="#4477aa", capsize=4)
    _finish(axes, title)


def _medians(comparison: Comparison, figure: Callable[[Round], float]) -> list[float]:
    return [Spread.of(comparison.of(system, figure)).median for system in comparison.systems]


def _finish(axes: Any, title: str) -> None:
    axes.set_title(title, fontsize=10)
    axes.tick_params(axis="x", rotation=25)
