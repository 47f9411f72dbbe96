"""A run as a picture: what callers saw, and how it looked inside, over the same time."""

import io
from collections.abc import Sequence
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.figure import Figure

from bench.comparison.figures import percentile
from bench.load.calls import SUBMIT, Call, is_well
from bench.load.run import Findings

INCHES: Final = (11.0, 13.0)
BUCKET_SECONDS: Final = 5
_COLOURS: Final = ("#4477aa", "#cc5533", "#228833", "#aa3377")


def picture(findings: Findings) -> str:
    """As SVG, to stand in a page."""
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "dormouse"}):
        figure = Figure(figsize=INCHES, layout="constrained")
        flow, queue, age, latency, cpu = figure.subplots(5, 1, sharex=True)
        _flow(flow, findings)
        _lines(
            queue,
            "jobs",
            {
                "due and waiting": [one.queued for one in findings.inside],
                "running": [one.running for one in findings.inside],
            },
        )
        _lines(age, "s, oldest job that is due", {"": [one.oldest for one in findings.inside]})
        _latency(latency, findings)
        _lines(cpu, "CPUs", dict(findings.cpu))
        cpu.set_xlabel("seconds")
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue().partition("<svg")[1] + out.getvalue().partition("<svg")[2]


def _flow(axes: Any, findings: Findings) -> None:
    refused = [0] * len(findings.inside)
    for call in findings.calls:
        place = int(call.at - findings.start)
        if call.status == 429 and 0 <= place < len(refused):  # noqa: PLR2004 - Too Many Requests
            refused[place] += 1
    series: dict[str, list[float]] = {
        "submitted": [one.submitted for one in findings.inside],
        "ended": [one.succeeded + one.failed for one in findings.inside],
        "tried again": [one.retried for one in findings.inside],
    }
    _lines(axes, "a second", series | ({"refused (429)": refused} if any(refused) else {}))


def _latency(axes: Any, findings: Findings) -> None:
    submits = [call for call in findings.calls if call.name == SUBMIT and is_well(call)]
    for colour, tenant in zip(_COLOURS, sorted({call.tenant for call in submits}), strict=False):
        for percent, style in ((50, "-"), (95, ":")):
            own = [call for call in submits if call.tenant == tenant]
            times, values = _buckets(own, findings.start, percent)
            axes.plot(times, values, style, color=colour, label=f"{tenant} p{percent}")
    _finish(axes, "ms to submit")


def _buckets(
    calls: Sequence[Call], start: float, percent: float
) -> tuple[list[float], list[float]]:
    by_bucket: dict[int, list[float]] = {}
    for call in calls:
        by_bucket.setdefault(int((call.at - start) // BUCKET_SECONDS), []).append(call.seconds)
    places = sorted(by_bucket)
    return (
        [(place + 0.5) * BUCKET_SECONDS for place in places],
        [percentile(by_bucket[place], percent) * 1000 for place in places],
    )


def _lines(axes: Any, unit: str, series: dict[str, Any]) -> None:
    for colour, (name, values) in zip(_COLOURS, series.items(), strict=False):
        axes.plot(range(1, len(values) + 1), values, color=colour, label=name)
    _finish(axes, unit)


def _finish(axes: Any, unit: str) -> None:
    axes.set_ylabel(unit)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    if any(axes.get_legend_handles_labels()[1]):
        axes.legend(loc="upper right", fontsize="small")
