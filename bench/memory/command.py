"""`./dev bench memory`."""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from bench.keeping import RESULTS, keep
from bench.memory.plots import draw
from bench.memory.report import page
from bench.memory.run import run

JOBS = 100_000
EACH = 500
FEWEST_LOOKS = 4


def main(arguments: Sequence[str]) -> None:
    """Raises what `run` raises."""
    parser = argparse.ArgumentParser(prog="./dev bench memory")
    parser.add_argument("--jobs", type=int, default=JOBS, help="in all (%(default)s)")
    parser.add_argument("--each", type=int, default=EACH, help="between two looks (%(default)s)")
    parser.add_argument("--to", type=Path, default=RESULTS, help="the folder for the results")
    chosen = parser.parse_args(arguments)
    if chosen.jobs < FEWEST_LOOKS * chosen.each:
        parser.error(f"too few jobs for {FEWEST_LOOKS} looks")
    found = run(chosen.jobs, chosen.each)
    keep(chosen.to, "memory", found, page(found), partial(draw, found))
