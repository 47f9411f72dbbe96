"""`./dev faults`: the system under every kind of fault, and a table of what came of it."""

import argparse
import signal
import sys
from collections.abc import Sequence

from tests.faults.plan import plan
from tests.faults.run import run


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev faults", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000, help="in all, over all kinds of faults")
    parser.add_argument("--frozen-seconds", type=float, default=20.0)
    parser.add_argument("--kills", type=int, default=10, help="of each service")
    parser.add_argument("--only", default="", help="the faults whose name has this in it")
    chosen = parser.parse_args(arguments)
    faults = [
        fault
        for fault in plan(frozen_seconds=chosen.frozen_seconds, kills=chosen.kills)
        if chosen.only in fault.name
    ]
    if not faults:
        parser.error(f"there is no fault with {chosen.only!r} in its name")
    # As Ctrl-C does: so that nothing of the system is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    return 0 if run(faults, jobs_per_fault=-(-chosen.jobs // len(faults))) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
