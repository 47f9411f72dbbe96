"""`./dev bench`: how fast, how cheap and how large Dormouse is, beside others."""

import argparse
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from bench.comparison.grounds import RedisMissing
from bench.comparison.plan import Plan
from bench.comparison.results import keep
from bench.comparison.run import compare
from bench.comparison.systems import SYSTEMS
from local.processes import ROOT
from local.sdk import EmulatorsMissing

RESULTS = ROOT / "bench" / "results"


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    for field in fields(Plan):
        flag = "--" + field.name.replace("_", "-")
        parser.add_argument(flag, type=type(field.default), default=field.default, metavar="N")
    parser.add_argument(
        "--only", default="", help="systems whose name has one of these in it; the floor goes along"
    )
    parser.add_argument("--to", type=Path, default=RESULTS, help="the folder for the results")
    chosen = parser.parse_args(arguments)
    plan = Plan(**{field.name: getattr(chosen, field.name) for field in fields(Plan)})
    wanted = [word for word in chosen.only.lower().split(",") if word]
    floor, *others = SYSTEMS
    systems = [
        floor,
        *(
            system
            for system in others
            if not wanted or any(word in system.name.lower() for word in wanted)
        ),
    ]
    # As Ctrl-C does: so that nothing of the systems is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        keep(compare(systems, plan), chosen.to)
    except (RedisMissing, EmulatorsMissing) as missing:
        print(missing, file=sys.stderr)
        return 1
    print(f"\nThe results are in {chosen.to}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
