"""`./dev bench cold-start`."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.cold_start.plots import draw
from bench.cold_start.report import page
from bench.cold_start.run import run
from bench.cold_start.starts import SUBJECTS
from bench.keeping import RESULTS, keep

RUNS = 15


def main(arguments: Sequence[str]) -> None:
    """Raises `DidNotStart`."""
    parser = argparse.ArgumentParser(prog="./dev bench cold-start")
    parser.add_argument("--runs", type=int, default=RUNS, help="starts of each (%(default)s)")
    parser.add_argument("--to", type=Path, default=RESULTS, help="the folder for the results")
    chosen = parser.parse_args(arguments)
    found = run(SUBJECTS, chosen.runs)
    keep(chosen.to, "cold-start", found, page(found), partial(draw, found))
