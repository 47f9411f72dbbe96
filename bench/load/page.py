"""A run as a page, complete in one file."""

from collections.abc import Iterable, Sequence
from typing import Final

from markupsafe import Markup, escape

from bench.load.calls import SUBMIT, Summary, summaries, thirds
from bench.load.run import Findings
from bench.load.shapes import QUIET, SCENARIOS

_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0 }
th, td { padding: .2rem .8rem; border-bottom: 1px solid #ccc; text-align: right }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left }
svg { max-width: 100%; height: auto }
"""
_CALLS: Final = ("tenant", "call", "calls", "429", "failed", "p50 ms", "p95 ms", "p99 ms")
_PHASES: Final = ("before the other one", "while it is noisy", "after it")


def page(findings: Findings, chart: str) -> str:
    """`chart` is SVG."""
    title = f"Load: {findings.scenario}, up to {findings.rate:g} jobs a second"
    parts = [
        Markup("<h1>{}</h1>").format(title),
        Markup("<p>{}</p>").format(_summary(findings)),
        _table(_CALLS, (_cells(one) for one in summaries(findings.calls))),
        _noise(findings),
        Markup(chart),  # noqa: S704 - made by matplotlib of numbers
        Markup(
            '<p>What callers saw is from Locust, whose own report is <a href="locust.html">beside'
            " this page</a>. What stands inside is from the services' own logs: jobs that are due"
            " and wait, for how long the oldest does, and attempts that run.</p>"
        ),
        _table(("", "measured with"), list(findings.circumstances.items())),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        + "\n".join(str(part) for part in parts)
        + "\n</html>\n"
    )


def _summary(findings: Findings) -> str:
    submitted = sum(one.submitted for one in findings.inside)
    ended = sum(one.succeeded + one.failed for one in findings.inside)
    retried = sum(one.retried for one in findings.inside)
    text = (
        f"{submitted:,} jobs submitted in {findings.seconds:g} s, {ended:,} ended, {retried} were"
        f" tried again, {findings.left} had not ended two minutes later. At most"
        f" {max((one.queued for one in findings.inside), default=0):,} were due and waited, the"
        f" oldest for {max((one.oldest for one in findings.inside), default=0.0):.1f} s; at most"
        f" {max((one.running for one in findings.inside), default=0)} ran at a time."
    )
    if findings.limit:
        text += f" Each principal may submit {findings.limit} jobs a second."
    return text


def _noise(findings: Findings) -> Markup:
    """What the quiet tenant felt of the other one; nothing where there is no other."""
    if len(SCENARIOS[findings.scenario].tenants) == 1:
        return Markup()
    quiet = [call for call in findings.calls if (call.tenant, call.name) == (QUIET, SUBMIT)]
    # The run begins with its first call: before that Locust itself starts.
    start = min((call.at for call in quiet), default=findings.start)
    parts = thirds(quiet, start, start + findings.seconds)
    rows = [
        (phase, *_cells(summaries(part)[0])[1:])
        for phase, part in zip(_PHASES, parts, strict=True)
        if part
    ]
    return Markup("<h2>What {} felt of the other tenant</h2>{}").format(
        QUIET, _table(("when", *_CALLS[1:]), rows)
    )


def _cells(one: Summary) -> tuple[str, ...]:
    times = one.latency and (one.latency.p50, one.latency.p95, one.latency.p99)
    shown = [f"{value:,.0f}" for value in times] if times else [""] * 3
    return (one.tenant, one.name, f"{one.calls:,}", f"{one.refused:,}", f"{one.failed:,}", *shown)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    def row(cells: Sequence[str], tag: str) -> Markup:
        one = Markup("<{0}>{1}</{0}>")
        return Markup("<tr>{}</tr>").format(Markup().join(one.format(tag, cell) for cell in cells))

    lines = [row(head, "th"), *(row(cells, "td") for cells in rows)]
    return Markup("<table>\n{}\n</table>").format(Markup("\n").join(lines))
