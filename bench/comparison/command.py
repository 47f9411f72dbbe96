"""`./dev bench comparison`."""

import argparse
from collections.abc import Sequence
from dataclasses import fields
from functools import partial
from pathlib import Path

from bench.comparison.plan import Plan
from bench.comparison.plots import draw
from bench.comparison.report import page
from bench.comparison.run import compare
from bench.comparison.system import System
from bench.comparison.systems import SYSTEMS
from bench.keeping import RESULTS, keep


def main(arguments: Sequence[str]) -> None:
    """Raises what `compare` raises."""
    parser = argparse.ArgumentParser(prog="./dev bench comparison")
    for field in fields(Plan):
        flag = "--" + field.name.replace("_", "-")
        parser.add_argument(flag, type=type(field.default), default=field.default, metavar="N")
    parser.add_argument(
        "--only",
        default="",
        metavar="NAMES",
        help="beside the floor, systems whose names have one of these in them: dormouse,celery",
    )
    parser.add_argument("--to", type=Path, default=RESULTS, help="the folder for the results")
    chosen = parser.parse_args(arguments)
    plan = Plan(**{field.name: getattr(chosen, field.name) for field in fields(Plan)})
    found = compare(_chosen(chosen.only), plan)
    keep(chosen.to, "comparison", found, page(found), partial(draw, found))


def _chosen(names: str) -> list[System]:
    wanted = [word for word in names.lower().split(",") if word]
    floor, *others = SYSTEMS
    return [
        floor,
        *(
            system
            for system in others
            if not wanted or any(word in system.name.lower() for word in wanted)
        ),
    ]
