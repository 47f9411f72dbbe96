"""`./dev scale`: how Dormouse does at rates that this machine can't make."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from bench.comparison.figures import Comparison
from bench.simulator import local
from bench.simulator.figures import Figures, Latency, load
from bench.simulator.questions import rates, spikes
from bench.simulator.report import page
from bench.simulator.setups import as_terraform_has_it
from bench.simulator.walls import walls
from local.processes import ROOT

RESULTS = ROOT / "bench" / "results"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev scale", description=__doc__)
    parser.add_argument("--figures", type=Path, default=_latest(), help="what to feed it with")
    parser.add_argument("--handler", type=float, metavar="SECONDS", help="how long handlers take")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path, default=RESULTS, help="the folder for the page")
    chosen = parser.parse_args(arguments)
    figures, checks = _with_measured(load(chosen.figures))
    if chosen.handler:
        figures = _with_handler(figures, chosen.handler)
    setup = replace(as_terraform_has_it(figures), seed=chosen.seed)
    text = page(setup, rates(setup), spikes(setup), walls(setup), checks, _today())
    chosen.to.mkdir(parents=True, exist_ok=True)
    path = chosen.to / "simulation.md"
    path.write_text(text)
    print(f"{text}\nThis page is {path}.")
    return 0


def _today() -> date:
    return datetime.now(UTC).date()


def _latest() -> Path:
    return max(RESULTS.glob("figures-*.json"))


def _with_measured(figures: Figures) -> tuple[Figures, list[local.Check]]:
    path = RESULTS / "comparison.json"
    if not path.exists():
        return figures, []
    comparison = msgspec.json.decode(path.read_bytes(), type=Comparison)
    return local.measured(figures, comparison), local.checks(figures, comparison)


def _with_handler(figures: Figures, seconds: float) -> Figures:
    latency = Latency(p50=seconds, p99=seconds, basis="assumed", source="`--handler`")
    return msgspec.structs.replace(figures, handler=latency)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
