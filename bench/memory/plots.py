"""Memory over jobs as a picture."""

from pathlib import Path

from matplotlib.figure import Figure

from bench.memory.figures import MemoryRun

INCHES = (9.0, 5.0)


def draw(found: MemoryRun, path: Path) -> None:
    """A line for each role."""
    figure = Figure(figsize=INCHES, layout="constrained")
    axes = figure.subplots()
    for role in found.roles:
        axes.plot(*found.of(role), label=role)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("jobs")
    axes.set_ylabel("RSS of a process, MiB")
    axes.legend(fontsize=8)
    axes.set_title(f"{found.circumstances['machine']}; {found.circumstances['date']}", fontsize=10)
    figure.savefig(path, metadata={"Date": None})
