"""The comparison as a Markdown page."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.comparison.figures import Comparison, Round, Spread, ratio
from bench.comparison.targets import Verdict, verdicts

_HOW_TO_READ = """\
Written by `./dev bench`. A cell has the median of the rounds, the lowest and the highest round, and
after the x the ratio to the floor: the median of the rounds' own ratios. The floor is the same
calls by Google's own clients behind bare Flask, with nothing around them."""
_CAVEATS = """\
Firestore and Pub/Sub are emulators on the same machine: latencies and jobs a second compare what
stands in one table, and say little about Google's services. CPU and memory are those of the
systems' own processes. Emulators, Redis and the local cloud, which pushes to all that are pushed
to, are not counted; but they share the machine, so that what needs no emulator has more of it left.
"""


@dataclass(frozen=True)
class Row:
    """A figure, and how it is shown."""

    title: str
    figure: Callable[[Round], float]
    digits: int = 1
    with_ratio: bool = True


ROWS = (
    Row("CPU a job, both services, ms", lambda one: one.cpu_ms, 2),
    Row("CPU a job, API, ms", lambda one: one.services["api"].cpu_ms, 2),
    Row("CPU a job, worker, ms", lambda one: one.services["worker"].cpu_ms, 2),
    Row("submit p50, ms", lambda one: one.submit.p50),
    Row("submit p95, ms", lambda one: one.submit.p95),
    Row("submit p99, ms", lambda one: one.submit.p99),
    Row("submit to result p50, ms", lambda one: one.result.p50),
    Row("submit to result p95, ms", lambda one: one.result.p95),
    Row("submit to result p99, ms", lambda one: one.result.p99),
    Row("sustained jobs a second", lambda one: one.jobs_per_second),
    Row("peak memory, API, MiB (PSS)", lambda one: one.services["api"].pss_mib, 0),
    Row("peak memory, worker, MiB (PSS)", lambda one: one.services["worker"].pss_mib, 0),
    Row("processes, API", lambda one: one.services["api"].processes, 0, with_ratio=False),
    Row("processes, worker", lambda one: one.services["worker"].processes, 0, with_ratio=False),
    Row(
        "CPU while idle, both, ms a second",
        lambda one: sum(service.idle_cpu_ms for service in one.services.values()),
    ),
)


def page(comparison: Comparison) -> str:
    """The whole page: circumstances, table, what a job costs, and the targets."""
    return "\n".join(
        [
            "# Dormouse beside others",
            "",
            _HOW_TO_READ,
            "",
            *(f"- {name}: {value}" for name, value in comparison.circumstances.items()),
            "",
            _CAVEATS,
            "",
            *_table(comparison),
            "",
            "![CPU, latency, throughput and memory](comparison.svg)",
            "",
            "## What a job sends",
            "",
            *_per_job(comparison),
            "",
            "## Targets",
            "",
            *_targets(verdicts(comparison)),
            "",
        ]
    )


def _table(comparison: Comparison) -> Iterable[str]:
    systems = comparison.systems
    yield f"| | {' | '.join(systems)} |"
    yield "|---" + "|--:" * len(systems) + "|"
    for row in ROWS:
        floor = comparison.of(systems[0], row.figure)
        others = [cell(row, comparison.of(system, row.figure), floor) for system in systems[1:]]
        cells = [cell(row, floor, None), *others]
        yield f"| {row.title} | {' | '.join(cells)} |"


def cell(row: Row, values: Sequence[float], floor: Sequence[float] | None) -> str:
    """The median, the spread, and the ratio to the floor where there is one."""
    spread = Spread.of(values)
    shown = [f"{value:.{row.digits}f}" for value in (spread.median, spread.low, spread.high)]
    text = shown[0] if shown[1] == shown[2] else f"{shown[0]} ({shown[1]} to {shown[2]})"
    if not row.with_ratio or not floor or not all(floor):
        return text
    return f"{text}, x{ratio(values, floor):.2f}"


def _per_job(comparison: Comparison) -> Iterable[str]:
    yield "| | document writes | document reads | messages | bytes a message |"
    yield "|---|--:|--:|--:|--:|"
    for system, costs in comparison.per_job.items():
        figures = (costs.writes, costs.reads, costs.messages, costs.message_bytes)
        yield f"| {system} | {' | '.join(f'{figure:g}' for figure in figures)} |"

    for name, sent in comparison.redis_per_job.items():
        yield ""
        yield f"{name}: {sent.commands:.1f} commands to Redis a job, {sent.bytes:.0f} bytes in all."


def _targets(found: Mapping[str, Verdict]) -> Iterable[str]:
    yield "| target | measured | |"
    yield "|---|--:|---|"
    for target, verdict in found.items():
        word = "reached" if verdict.reached else "missed"
        yield f"| {target} | {verdict.measured:.2f} | {word} |"
