"""The model beside a local run."""

from dataclasses import replace

import pytest

from bench.comparison.figures import Comparison, Latency, PerJob, Round, Service
from bench.simulator import local
from bench.simulator.figures import Figures
from bench.simulator.questions import rates, spikes
from bench.simulator.report import page
from bench.simulator.system import Setup
from bench.simulator.walls import walls
from tests.factories import T0


def a_service(cpu_ms: float) -> Service:
    return Service(cpu_ms=cpu_ms, idle_cpu_ms=0, rss_mib=100, pss_mib=90, processes=1)


def a_round(system: str, *, api: float, worker: float, a_second: float) -> Round:
    return Round(
        system=system,
        services={"api": a_service(api), "worker": a_service(worker)},
        submit=Latency(p50=9, p95=12, p99=20),
        result=Latency(p50=25, p95=30, p99=40),
        jobs_per_second=a_second,
    )


def a_comparison(*rounds: Round) -> Comparison:
    per_job = PerJob(writes=3, reads=0, messages=1, message_bytes=700)
    return Comparison(
        circumstances={"date": "2026-11-23 08:00 UTC", "machine": "some CPU, 2 CPUs, 8 GiB"},
        rounds=rounds,
        per_job={local.OURS: per_job},
    )


def test_what_is_like_the_floor_is_simulated_as_the_floor_was_measured(figures: Figures) -> None:
    """The model gives back what it was fed with: rate and times of the floor's own run."""
    alike = [a_round(name, api=3, worker=3, a_second=90) for name in (local.FLOOR, local.OURS)]
    for check in local.checks(figures, a_comparison(*alike)):
        assert check.ratio == pytest.approx(1, abs=0.12), check.name


def test_what_takes_more_cpu_is_simulated_slower(figures: Figures) -> None:
    """On two cores, ten milliseconds more for each job are ten milliseconds more."""
    comparison = a_comparison(
        a_round(local.FLOOR, api=3, worker=3, a_second=90),
        a_round(local.OURS, api=8, worker=8, a_second=60),
    )
    rate = local.checks(figures, comparison)[0]
    expected = 2 / (2 / 90 + 0.010)
    assert rate.simulated == pytest.approx(expected, rel=0.05)
    assert rate.measured == 60


def test_measured_figures_take_the_place_of_others(figures: Figures) -> None:
    """CPU and message size are the comparison's, and say so."""
    comparison = a_comparison(a_round(local.OURS, api=2, worker=5, a_second=90))
    found = local.measured(figures, comparison)
    assert (found.api_cpu.value, found.worker_cpu.value) == (0.002, 0.005)
    assert found.job_message_bytes.value == 700
    assert "2026-11-23" in found.api_cpu.source


def test_the_page_answers_every_question(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spike, rates, walls, bill and figures are on it; a rate beyond a wall names the wall."""
    monkeypatch.setattr("bench.simulator.questions.MEASURED_JOBS", 2000)
    monkeypatch.setattr("bench.simulator.questions.SPIKE_JOBS", 300)
    monkeypatch.setattr("bench.simulator.questions.RATES", (10.0, 60.0))
    small = replace(setup, worker=replace(setup.worker, max_instances=1))
    text = page(small, rates(small), spikes(small), walls(small), [], T0.date())
    assert "| 10 | as Terraform has it | yes |" in text
    assert "| 60 | as Terraform has it | no: worker: places for handlers" in text
    assert "| 60 | instances as needed | yes |" in text
    assert "by shard, wake_at" in text
    for name in Figures.__struct_fields__:
        assert f"| `{name}` |" in text
