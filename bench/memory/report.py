"""Memory over jobs as a Markdown page."""

from collections.abc import Iterable

from bench.memory.figures import FLAT_PERCENT, MemoryRun, growth_percent


def page(found: MemoryRun) -> str:
    return "\n".join(
        [
            "# Memory over jobs",
            "",
            _HOW_TO_READ,
            "",
            *(f"- {name}: {value}" for name, value in found.circumstances.items()),
            "",
            *_table(found),
            "",
            "![RSS over jobs](memory.svg)",
            "",
        ]
    )


_HOW_TO_READ = f"""\
Written by `./dev bench memory`. RSS of one process in MiB, where there are several on average. The
growth is that of a straight line through the second half of the jobs; below {FLAT_PERCENT:g} % it
counts as flat. The worker replaces each handler's process after 500 attempts."""


def _table(found: MemoryRun) -> Iterable[str]:
    yield "| | processes | first | last | highest | growth over the second half | |"
    yield "|---|--:|--:|--:|--:|--:|---|"
    for role in found.roles:
        jobs, mib = found.of(role)
        growth = growth_percent(jobs, mib)
        word = "flat" if growth < FLAT_PERCENT else "grows"
        processes = found.samples[-1].held[role].processes
        cells = [*(f"{one:.1f}" for one in (mib[0], mib[-1], max(mib))), f"{growth:.1f} %", word]
        yield f"| {role} | {processes} | {' | '.join(cells)} |"
