"""The page of results."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from bench.simulator.figures import Figure, Figures, Latency
from bench.simulator.local import Check
from bench.simulator.questions import SPIKE_JOBS, SPIKE_SECONDS, Answer
from bench.simulator.scenarios import Spike
from bench.simulator.system import Setup
from bench.simulator.walls import Wall, seconds_to_ramp
from deployment.cost.prices import read_prices
from deployment.cost.workload import SECONDS


def page(
    setup: Setup,
    answers: Sequence[Answer],
    spikes: Mapping[str, Spike],
    nearest: Sequence[Wall],
    local: Sequence[Check],
    today: date,
) -> str:
    """Markdown."""
    prices = read_prices()
    parts = [
        "# Simulated",
        _words(
            f"By `./dev scale`, {today.isoformat()}, seed {setup.seed}. A model, not a",
            "measurement: what it rests on stands [below](#figures), and",
            "[docs/scale.md](../../docs/scale.md) says what it leaves out.",
        ),
        f"## {SPIKE_JOBS:,} jobs from nothing",
        _words(
            f"No instance of either service, a subscription that was idle, and {SPIKE_JOBS:,}",
            f"submissions within {SPIKE_SECONDS:g} s.",
        ),
        _spikes(spikes),
        "## Steady rates",
        _words(
            "Jobs at random moments, at a deployment that has been in use. Times are from the",
            "submission; the handler is part of the time to the result.",
        ),
        _rates(answers),
        "## Walls",
        "What each part carries, as Terraform has it, from its limits alone.",
        _table(["jobs a second", "part", "moved by"], map(_wall, nearest)),
        _ramp(setup),
        "## A month's bill",
        _words(
            f"By list prices in {prices.region}, {prices.date} (`deployment/cost/prices.toml`).",
            "It counts what `./dev cost` counts; the instances are those that the model saw.",
        ),
        _bills(answers),
        "## Beside a local run",
        _local(local),
        "## Figures",
        "Seconds, bytes, and numbers a second.",
        _figures(setup.figures),
    ]
    return "\n\n".join(parts) + "\n"


def _words(*lines: str) -> str:
    return " ".join(lines)


def _ramp(setup: Setup) -> str:
    minutes = {rate: seconds_to_ramp(setup, rate) / 60 for rate in (1000, 10_000)}
    return _words(
        "No document is a wall: a job's own gets three writes, and no other is written for a job.",
        f"Firestore's 500/50/5 rule allows new traffic {setup.figures.ramp_writes.value:g} writes",
        "a second at first, and half as much again every five minutes: 1,000 jobs a second after",
        f"{minutes[1000]:.0f} minutes, 10,000 after {minutes[10_000]:.0f}. It is advice, not a",
        "quota.",
    )


def _spikes(spikes: Mapping[str, Spike]) -> str:
    rows = [
        [
            name,
            f"{one.accepted_after:.1f} s",
            f"{one.half_after:.1f} s",
            f"**{one.done_after:.1f} s**",
            str(one.most_workers),
            str(one.refused),
        ]
        for name, one in spikes.items()
    ]
    heads = ["deployment", "all accepted", "half done", "all done", "workers", "429 by Cloud Run"]
    return _table(heads, rows)


def _rates(answers: Iterable[Answer]) -> str:
    rows = []
    for answer in answers:
        seen = answer.seen
        if seen.sustained:
            times = [f"{ms * 1000:.0f} ms" for ms in (seen.accepted_p99, seen.result_p50)]
            times.append(f"**{seen.result_p99 * 1000:.0f} ms**")
            fate = "yes"
        else:
            times = ["", "", "grows"]
            fate = f"no: {answer.wall.name} at {answer.wall.jobs_a_second:,.0f}"
        instances = f"{seen.api.most_instances} + {seen.worker.most_instances}"
        rows.append([f"{seen.rate:,.0f}", _deployment(answer), fate, *times, instances])
    heads = ["jobs a second", "deployment", "sustained", "answered, p99"]
    heads += ["result, p50", "result, p99", "most instances, API + worker"]
    return _table(heads, rows)


def _deployment(answer: Answer) -> str:
    if answer.name == "and more shards":
        return f"instances as needed, {answer.setup.shards} shards"
    return answer.name


def _bills(answers: Iterable[Answer]) -> str:
    billed = {answer.seen.rate: answer.bill for answer in answers if answer.bill}
    counted = {answer.seen.rate: answer.counted for answer in answers if answer.counted}
    items = [line.item for line in next(iter(billed.values())).lines]
    rows = [
        [item, *(f"{bill.lines[number].list_dollars:,.2f}" for bill in billed.values())]
        for number, item in enumerate(items)
    ]
    totals = {
        "together": [f"**{bill.list_dollars:,.2f}**" for bill in billed.values()],
        "with the free tier": [f"{bill.dollars:,.2f}" for bill in billed.values()],
        "by `./dev cost`": [f"{bill.list_dollars:,.2f}" for bill in counted.values()],
        "a million jobs": [
            f"{bill.list_dollars / rate / SECONDS * 1e6:.2f}" for rate, bill in billed.items()
        ],
    }
    rows += [[name, *values] for name, values in totals.items()]
    return _table(["US dollars", *(f"{rate:,.0f} a second" for rate in billed)], rows)


def _local(checks: Sequence[Check]) -> str:
    if not checks:
        return (
            "Not done: there is no `bench/results/comparison.json`. `./dev bench` makes it, and the"
            " next `./dev scale` puts its figures into the model."
        )
    rows = [
        [one.name, f"{one.measured:.1f}", f"{one.simulated:.1f}", f"{one.ratio:.2f}"]
        for one in checks
    ]
    return (
        "What the floor's run of `./dev bench` says of the machine, put into the model with"
        " Dormouse's CPU for each job, beside Dormouse's own run.\n\n"
        + _table(["", "measured", "simulated", "ratio"], rows)
    )


def _figures(figures: Figures) -> str:
    rows = []
    for name in figures.__struct_fields__:
        figure: Figure | Latency = getattr(figures, name)
        value = (
            f"{figure.value:g}"
            if isinstance(figure, Figure)
            else f"p50 {figure.p50:g}, p99 {figure.p99:g}"
        )
        rows.append([f"`{name}`", value, figure.basis, figure.source])
    return _table(["figure", "value", "basis", "source"], rows)


def _wall(wall: Wall) -> list[str]:
    return [f"{wall.jobs_a_second:,.0f}", wall.name, wall.moved_by]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
