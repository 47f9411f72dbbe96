"""`./dev load`: the whole system under load, and a page that shows how it bore it."""

import argparse
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench.load.charts import picture
from bench.load.page import page
from bench.load.run import Plan, load
from bench.load.shapes import SCENARIOS
from local.processes import ROOT
from local.sdk import EmulatorsMissing

RESULTS = ROOT / "bench" / "results" / "load"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev load", description=__doc__)
    parser.add_argument("--shape", choices=SCENARIOS, default="steady")
    parser.add_argument("--minutes", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=20.0, help="jobs a second, at most")
    parser.add_argument(
        "--web-port", type=int, metavar="PORT", help="show Locust's own page there meanwhile"
    )
    parser.add_argument(
        "--no-limits", action="store_true", help="let every principal submit as much as it likes"
    )
    parser.add_argument("--to", type=Path, help="the folder for the results")
    chosen = parser.parse_args(arguments)
    folder = chosen.to or RESULTS / f"{datetime.now(UTC):%Y-%m-%d-%H%M}-{chosen.shape}"
    folder.mkdir(parents=True, exist_ok=True)
    # As Ctrl-C does: so that nothing of the system is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    plan = Plan(
        scenario=chosen.shape,
        minutes=chosen.minutes,
        rate=chosen.rate,
        web_port=chosen.web_port,
        has_limits=not chosen.no_limits,
    )
    try:
        findings = load(plan, folder.resolve())
    except EmulatorsMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    (folder / "findings.json").write_bytes(msgspec.json.encode(findings))
    chart = picture(findings)
    (folder / "chart.svg").write_text(chart)
    (folder / "index.html").write_text(page(findings, chart))
    print(f"The results are in {folder}: open index.html.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
