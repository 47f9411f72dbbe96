"""Bills as text, side by side."""

from collections.abc import Iterator

from deployment.cost.bill import Bill, bill
from deployment.cost.model import Counts, dormouse, hold
from deployment.cost.others import celery, celery_machines, cloud_tasks
from deployment.cost.prices import Prices
from deployment.cost.workload import Deployment, Measured, Workload

_NOTES = """\
Counted, not billed: nothing of this was tried on a live project. Instances are billed while a
request is open (100 ms at least, whatever the CPU does), filled to 60 %, as Cloud Run does it.
Left out: network, images (cents), backups, alerts, min_instances, a domain's load balancer ($18).
Cloud Tasks: the same two services and three writes; two operations a job; no sweep.
Celery: e2-standard-2 machines around the clock, Redis on the first of them, without a copy, and
nobody to restart it; as many as the busiest time needs at 60 %."""


def report(
    workload: Workload, measured: Measured, deployment: Deployment, prices: Prices
) -> Iterator[str]:
    """Lines of text."""
    ours = bill(dormouse(workload, measured, deployment), prices)
    tasks = bill(cloud_tasks(workload, measured, deployment), prices)
    machines = bill(celery(workload, measured), prices)
    count = celery_machines(workload, measured)
    yield (
        f"A month of {workload.jobs:,.0f} jobs of {workload.duration:g} s,"
        f" by list prices in {prices.region}, {prices.date}."
    )
    yield ""
    yield from _table("Dormouse", ours)
    yield ""
    seconds = hold(Counts(workload), measured)
    yield f"A sweep is open for {seconds:.1f} s of its minute, on average, while jobs come."
    yield ""
    yield from _table("Cloud Tasks and a table", tasks)
    yield ""
    yield from _table(f"Celery and Redis, {count} VM", machines)
    yield ""
    yield _NOTES
    doubtful = [name for name, one in prices.by_name.items() if one.read != "primary"]
    yield f"Prices not read on Google's own page: {', '.join(doubtful)}."


def _table(title: str, total: Bill) -> Iterator[str]:
    yield f"{title:<34}{'':>27}{'list':>10}{'with free tier':>16}"
    for line in total.lines:
        amount = f"{line.amount:,.3f}" if line.amount < 10 else f"{line.amount:,.0f}"  # noqa: PLR2004 - small ones need digits
        yield (
            f"  {line.item:<32}{amount:>14} {line.unit:<12}"
            f"{line.list_dollars:>10.2f}{line.dollars:>16.2f}"
        )
    yield f"  {'together, in dollars':<59}{total.list_dollars:>10.2f}{total.dollars:>16.2f}"
