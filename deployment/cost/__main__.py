"""`./dev cost`: a month's bill by item, beside Cloud Tasks with a table, and Celery on a VM."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields, replace

from deployment.cost.prices import read_prices
from deployment.cost.report import report
from deployment.cost.workload import Deployment, Workload, read_measured

_HELP = {
    "jobs": "a month",
    "duration": "of a handler, in seconds",
    "handler_cpu": "of it, seconds of one processor",
    "attempts": "a job, on average",
    "delayed": "share of the jobs that a sweep dispatches: delays, retries after some seconds",
    "active": "share of the month in which jobs come",
    "reads": "a job, by callers",
    "waited": "seconds that callers wait for a job with ?wait=",
    "deliveries": "webhooks for each job",
    "firings": "times a month at which a schedule fires: 730 for an hourly one",
    "kept_days": "until a finished job is deleted",
}


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="./dev cost", description=__doc__, allow_abbrev=False)
    for field in fields(Workload):
        parser.add_argument(
            "--" + field.name.replace("_", "-"),
            type=_amount,
            default=field.default,
            metavar="N",
            help=f"{_HELP[field.name]} (default %(default)g)",
        )
    parser.add_argument("--concurrency", type=int, help="requests at once in a worker's instance")
    parser.add_argument("--cpu", type=float, help="processors of a worker's instance")
    parser.add_argument("--memory", type=float, help="GiB of a worker's instance")
    chosen = vars(parser.parse_args(arguments))
    sizes = {name: chosen.pop(name) for name in ("concurrency", "cpu", "memory")}
    worker = replace(Deployment().worker, **{name: one for name, one in sizes.items() if one})
    workload = Workload(**chosen)
    if not 0 < workload.active <= 1 or workload.attempts < 1 or workload.jobs <= 0:
        parser.error("--jobs is above 0, --active above 0 and at most 1, --attempts 1 at least")
    for line in report(
        workload, read_measured(), replace(Deployment(), worker=worker), read_prices()
    ):
        print(line)
    return 0


def _amount(text: str) -> float:
    amount = float(text)
    if not 0 <= amount < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is no amount")
    return amount


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
