"""What a month costs, against examples worked out by hand."""

import math

import pytest

from deployment.cost.__main__ import main
from deployment.cost.bill import Quantity, bill
from deployment.cost.instances import busy_instances, rounded, slots
from deployment.cost.model import SWEEPS, Counts, dormouse, hold
from deployment.cost.others import celery, celery_machines, cloud_tasks
from deployment.cost.prices import Price, read_prices
from deployment.cost.sweeps import Held, mean_hold
from deployment.cost.workload import (
    SECONDS,
    Deployment,
    Measured,
    Workload,
    read_measured,
)
from jobs.job.model import SHARDS
from tests.infra.terraform import the_module

PRICES = read_prices()
NOTHING = Measured(
    submit_seconds=0.1,
    submit_cpu=0,
    attempt_seconds=0,
    attempt_cpu=0,
    dispatch_seconds=0,
    sweep_seconds=0,
    sweep_reads=0,
    job_message_bytes=0,
    job_bytes=0,
    log_bytes=0,
)
"""A system that takes nothing beside its handlers."""


def amounts(workload: Workload, measured: Measured = NOTHING) -> dict[str, float]:
    return {one.item: one.amount for one in dormouse(workload, measured, Deployment())}


def test_a_million_writes_cost_what_the_list_says() -> None:
    """$0.09 for 100,000: a million are 90 cents; 20,000 a day, 608,750 a month, are free."""
    price = PRICES.by_name["firestore_writes"]
    assert price.of(1e6, free_tier=False) == pytest.approx(0.90)
    assert price.of(1e6, free_tier=True) == pytest.approx((1e6 - 608_750) * 0.09 / 1e5)
    assert price.of(1000, free_tier=True) == 0


def test_a_free_tier_is_used_up_once() -> None:
    """Two lines of the same price share its allowance, in their order."""
    first, second = bill(
        [Quantity("a", "run_requests", 1.5e6), Quantity("b", "run_requests", 1.5e6)], PRICES
    ).lines
    assert first.dollars == 0
    assert second.dollars == pytest.approx(0.40)
    assert second.list_dollars == pytest.approx(0.60)


def test_the_common_way_is_three_writes_one_message_and_two_requests() -> None:
    """As the README's table has it: $2.70, $0.07 and $0.80 for a million jobs."""
    workload = Workload(jobs=1e6, reads=0)
    found = amounts(workload)
    assert found["documents written"] == 3e6
    assert found["documents read back"] == 0
    assert found["requests"] == pytest.approx(2e6 + SWEEPS)
    assert found["job messages, published and delivered"] * 2**40 == pytest.approx(2e9)
    total = bill(dormouse(workload, NOTHING, Deployment()), PRICES)
    lines = {line.item: line.list_dollars for line in total.lines}
    assert lines["documents written"] == pytest.approx(2.70)
    assert round(lines["job messages, published and delivered"], 2) == 0.07


def test_what_is_more_than_the_common_way_is_counted() -> None:
    """A retry: two writes, a message; a delay: one of each; a delivery: a job."""
    assert Counts(Workload(jobs=100, attempts=1.5)).writes == 300 + 50 * 2
    assert Counts(Workload(jobs=100, attempts=1.5)).messages == 150
    assert Counts(Workload(jobs=100, delayed=0.1)).writes == 300 + 10
    assert Counts(Workload(jobs=100, delayed=0.1)).messages == 110
    assert Counts(Workload(jobs=100, deliveries=2)).writes == 900 + 100
    assert Counts(Workload(jobs=100, firings=7)).writes == 307
    assert amounts(Workload(jobs=100, deliveries=2))["documents deleted in the end"] == 400


def test_an_idle_month_is_its_sweeps() -> None:
    """43,830 of 0.1 s on 2 processors and 4 GiB, with ten reads each: all within the free tier."""
    measured = read_measured()
    workload = Workload(jobs=1e-9)
    found = amounts(workload, measured)
    assert SWEEPS == 43_830
    assert found["worker, processors"] == pytest.approx(43_830 * 0.1 * 2)
    assert found["worker, memory"] == pytest.approx(43_830 * 0.1 * 4)
    assert found["documents read by sweeps"] == pytest.approx(438_300)
    idle = bill(dormouse(workload, measured, Deployment()), PRICES)
    assert idle.dollars == pytest.approx(0, abs=1e-6)
    assert idle.list_dollars == pytest.approx(
        8766 * 0.000024 + 17_532 * 0.0000025 + 4.383 * 0.03 + 0.04383 * 0.40 + 0.20
    )


def test_requests_that_are_open_together_share_an_instance() -> None:
    """The share of the time with a request at all is 1 - e^-m, when m are open on average."""
    assert busy_instances(0, 3) == 0
    assert busy_instances(0.1, 1000) == pytest.approx(1 - math.exp(-0.1))
    # One slot each: as many instances as requests.
    assert busy_instances(2.5, 1) == pytest.approx(2.5)
    # Two slots, by hand: P(1)+P(2) have one instance, P(3)+P(4) two, and so on.
    chances = [math.exp(-1) / math.factorial(n) for n in range(30)]
    by_hand = sum(math.ceil(n / 2) * chance for n, chance in enumerate(chances))
    assert busy_instances(1, 2) == pytest.approx(by_hand)
    assert busy_instances(0, 2, besides=1) == 1
    assert busy_instances(5000, 3) == pytest.approx(5000 / 3, rel=0.001)


def test_an_instance_is_filled_to_three_fifths() -> None:
    """Of six requests three, of one one; time is billed in tenths of a second."""
    assert [slots(one) for one in (1, 6, 72)] == [1, 3, 43]
    assert [rounded(one) for one in (0.0, 0.01, 0.1, 0.25)] == pytest.approx([0, 0.1, 0.1, 0.3])


def test_jobs_one_at_a_time_cost_their_time() -> None:
    """With a job a minute of 6 s, an instance is open for a tenth of the time, or a little less."""
    found = amounts(Workload(jobs=SWEEPS, duration=6))
    by_hand = 2 * SECONDS * (1 - math.exp(-0.1))
    assert found["worker, processors"] == pytest.approx(by_hand, rel=1e-4)


def test_a_handler_that_computes_needs_its_processors() -> None:
    """100 jobs a second of 0.1 s of CPU need ten processors, and 16.7 where 60 % are used."""
    workload = Workload(jobs=100 * SECONDS, duration=0.1, handler_cpu=0.1)
    assert amounts(workload)["worker, processors"] == pytest.approx(SECONDS * 10 / 0.6)


def test_a_sweep_stays_for_the_last_that_it_finds() -> None:
    """Certain things: their moment, at most 70 s. Delayed jobs: the latest of those within 70 s."""
    assert mean_hold([], 0) == 0
    assert mean_hold([Held(1, 60)], 0) == pytest.approx(60)
    assert mean_hold([Held(0.5, 60)], 0) == pytest.approx(30)
    assert mean_hold([Held(0.5, 60), Held(0.5, 20)], 0) == pytest.approx(0.5 * 60 + 0.25 * 20)
    assert mean_hold([Held(1, 500)], 0) == pytest.approx(70)
    # One in a hundred seconds: 70 - (1 - e^-0.7) / 0.01.
    assert mean_hold([], 0.01) == pytest.approx(70 - (1 - math.exp(-0.7)) * 100)
    assert mean_hold([], 1000) == pytest.approx(70, abs=0.01)
    # Both: the certain 60, and beyond it whatever is due in the last ten seconds.
    assert mean_hold([Held(1, 60)], 0.01) == pytest.approx(70 - (1 - math.exp(-0.1)) * 100)


def test_a_schedule_keeps_no_sweep() -> None:
    """At every full minute or at none, sweeps are open for as long: each fires its own minute."""
    minutely = Workload(jobs=SWEEPS, firings=SWEEPS)
    assert hold(Counts(minutely), NOTHING) == 0


def test_quiet_time_costs_no_instances() -> None:
    """The same jobs in a tenth of the month share instances, and the rest of it is free."""
    spread = amounts(Workload(jobs=1e6))["worker, processors"]
    packed = amounts(Workload(jobs=1e6, active=0.1))["worker, processors"]
    assert packed < spread


def test_cloud_tasks_is_two_operations_and_three_writes_a_job() -> None:
    """$0.80 and $2.70 for a million jobs; no sweeps, no Scheduler."""
    lines = {
        line.item: line.list_dollars
        for line in bill(cloud_tasks(Workload(reads=0), NOTHING, Deployment()), PRICES).lines
    }
    assert lines["task operations"] == pytest.approx(0.80)
    assert lines["documents written"] == pytest.approx(2.70)
    assert lines["requests"] == pytest.approx(0.80)


def test_celery_costs_the_same_whatever_it_does() -> None:
    """One machine for 730.5 hours, until the busiest time needs another."""
    total = bill(celery(Workload(jobs=1), NOTHING), PRICES)
    assert total.dollars == total.list_dollars
    assert total.dollars == pytest.approx(730.5 * (0.067 + 0.005) + 20 * 0.10)
    # 12 handlers at 60 % are 7.2 at once: with 14.4 a second of a second each, two machines.
    assert celery_machines(Workload(jobs=14.4 * SECONDS, duration=1), NOTHING) == 2
    assert celery_machines(Workload(jobs=14.5 * SECONDS, duration=1), NOTHING) == 3
    # The same jobs in half of the month.
    assert celery_machines(Workload(jobs=14.4 * SECONDS, duration=1, active=0.5), NOTHING) == 4


def test_every_price_has_its_source() -> None:
    """A page of Google's, and whether it was read there."""
    assert PRICES.date
    for price in PRICES.by_name.values():
        assert isinstance(price, Price)
        assert price.source.startswith("https://cloud.google.com/")
        assert price.dollars > 0


def test_the_services_are_as_large_as_terraform_makes_them() -> None:
    """Processors, memory and concurrency are the defaults of `infra/`."""
    terraform = the_module()
    defaults = {name: terraform.variables[name]["type"] for name in ("api", "worker")}
    worker, api = Deployment().worker, Deployment().api
    assert f'optional(string, "{worker.cpu:g}")' in defaults["worker"]
    assert f"optional(number, {worker.memory * 1024:.0f})" in defaults["worker"]
    assert f"processes          = optional(number, {worker.concurrency})" in terraform.text()
    assert f'optional(string, "{api.memory * 1024:.0f}Mi")' in defaults["api"]
    assert terraform.locals["api_concurrency"] == api.concurrency


def test_a_sweep_reads_each_shard_the_events_and_the_schedules() -> None:
    """A query that finds nothing costs a read."""
    assert read_measured().sweep_reads == SHARDS + 2


def test_the_command_prints_three_bills(capsys: pytest.CaptureFixture[str]) -> None:
    """By item, by list price and with the free tier, with what was not verified."""
    assert main(["--jobs", "1e6", "--duration", "0.2"]) == 0
    shown = capsys.readouterr().out
    for title in ("Dormouse", "Cloud Tasks and a table", "Celery and Redis, 1 VM"):
        assert f"\n{title}" in shown
    assert shown.count("together, in dollars") == 3
    assert "nothing of this was tried on a live project" in shown


@pytest.mark.parametrize("words", [["--jobs", "-1"], ["--active", "0"], ["--attempts", "0.5"]])
def test_a_month_that_can_not_be_is_refused(words: list[str]) -> None:
    """No bill is made up for it."""
    with pytest.raises(SystemExit):
        main(words)
