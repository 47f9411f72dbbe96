"""`./dev simulate`: runs seeds, and tells the story of the first that breaks a promise."""

import argparse
import gc
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context

from simulation.plan import Plan, described, plan_of, shrunk
from simulation.world import Verdict, World

from random import Random  # isort: skip


def quiet() -> None:
    """What the services log is not read here, and costs time."""
    logging.getLogger("dormouse").setLevel(logging.CRITICAL)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def run(seed: int) -> tuple[int, Verdict]:
    return seed, World(seed).run()


def story_of(seed: int) -> str:
    """The seed's run with as few faults as break the promise, line by line."""

    def fails(plan: Plan) -> bool:
        return World(seed, plan).run().violation is not None

    plan = shrunk(plan_of(Random(seed)), fails)  # noqa: S311 - to be had again
    verdict = World(seed, plan, told=True).run()
    return "\n".join((*verdict.story, f"with {described(plan)}"))


def verdicts(seeds: range, processes: int) -> Iterator[tuple[int, Verdict]]:
    if processes == 1:
        yield from map(run, seeds)
        return
    with get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(run, seeds, chunksize=8)


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--seed", type=int, help="tell the story of this one")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    quiet()
    if options.seed is not None:
        print(story_of(options.seed))
        return 0
    start, broken, seen, calls = time.monotonic(), [], Counter[str](), 0
    seeds = range(options.first, options.first + options.seeds)
    for seed, verdict in verdicts(seeds, options.processes):
        seen.update(verdict.seen)
        calls += verdict.calls
        if verdict.violation:
            broken.append(seed)
            print(f"seed {seed}: {verdict.violation}", flush=True)
    seconds = time.monotonic() - start
    told = ", ".join(f"{what} {times}" for what, times in sorted(seen.items()))
    print(f"{len(seeds)} seeds with {calls} calls of ports in {seconds:.0f} s: {told}")
    if not broken:
        return 0
    print(f"\nThe story of seed {min(broken)}:\n{story_of(min(broken))}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
