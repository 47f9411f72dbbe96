"""The load's own arithmetic: who calls when, and what the logs say of the time between."""

import pytest

from bench.load.calls import SUBMIT, Call, summaries, thirds
from bench.load.inside import Happening, happenings, is_drained, replay
from bench.load.page import page
from bench.load.run import Findings
from bench.load.shapes import NOISY, QUIET, SCENARIOS

T0 = 1_700_000_000.0


def callers(name: str, rate: float = 20) -> list[list[int]]:
    """For each tenant of a scenario how many callers there are, at each tenth of the time."""
    scenario = SCENARIOS[name]
    return [
        [scenario.callers(tenant, rate, tenth / 10) for tenth in range(10)]
        for tenant in scenario.tenants
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("steady", [[20] * 10]),
        ("ramp", [[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]]),
        ("spike", [[0, 20, 20, 0, 0, 0, 0, 0, 0, 0]]),
        ("diurnal", [[1, 3, 8, 14, 19, 20, 19, 14, 8, 3]]),
        ("noisy", [[4] * 10, [0, 0, 0, 0, 16, 16, 16, 0, 0, 0]]),
    ],
)
def test_shapes(name: str, expected: list[list[int]]) -> None:
    """Each scenario has its callers at their times."""
    assert callers(name) == expected


def test_the_noisy_one_is_over_its_limit_and_the_quiet_one_is_not() -> None:
    """Or the scenario would show nothing."""
    scenario = SCENARIOS["noisy"]
    parts = {tenant.email: tenant.part for tenant in scenario.tenants}
    assert parts[QUIET] < scenario.limit < parts[NOISY]


def told(*events: tuple[float, str, str]) -> list[Happening]:
    return [Happening(T0 + at, f"job.{event}", job) for at, event, job in events]


def test_each_second_is_told_from_the_log() -> None:
    """What happened in it, how many waited and ran at most, and how long one waited."""
    log = told(
        (0.1, "submitted", "a"),
        (0.2, "submitted", "b"),
        (0.3, "started", "a"),
        (1.3, "succeeded", "a"),
        (1.5, "started", "b"),
        (2.5, "failed", "b"),
    )
    first, second, third = replay(reversed(log), T0, 3)
    assert (first.submitted, first.queued, first.running) == (2, 2, 1)
    assert first.oldest == pytest.approx(0.8, abs=1e-5)
    assert (second.succeeded, second.queued, second.running) == (1, 1, 1)
    assert second.oldest == pytest.approx(1.3, abs=1e-5)
    assert (third.failed, third.queued, third.running, third.oldest) == (1, 0, 1, 0.0)
    assert is_drained(log)
    assert not is_drained(log[:-1])


def test_another_attempt_is_due_at_its_time() -> None:
    """Until then the job waits for nobody."""
    log = [
        *told((0.1, "submitted", "a"), (0.2, "started", "a")),
        Happening(T0 + 0.5, "job.retrying", "a", due=T0 + 1.5),
    ]
    first, second = replay(log, T0, 2)
    assert (first.retried, first.queued, first.running) == (1, 1, 1)
    assert first.oldest == pytest.approx(0.1, abs=1e-5)
    assert (second.queued, second.running, second.oldest) == (1, 0, 0.5)


def test_logs_are_read_as_the_services_write_them() -> None:
    """Other lines are passed over, also those that are no JSON."""
    lines = [
        b"Traceback (most recent call last):",
        b'{"message":"m","time":"2023-11-14T22:13:20Z","event":"sweep.done"}',
        b'{"message":"m","time":"2023-11-14T22:13:20.5Z","event":"job.retrying","job":"a",%s}'
        % b'"run_at":"2023-11-14T22:13:22Z"',
    ]
    assert list(happenings(lines)) == [
        Happening(T0 + 0.5, "job.retrying", "a", due=T0 + 2),
    ]


def test_refusals_count_apart_from_failures() -> None:
    """And neither makes the latency look better."""
    (summary,) = summaries(
        Call(T0, QUIET, SUBMIT, seconds, status)
        for seconds, status in ((0.1, 202), (0.2, 202), (0.001, 429), (0.001, 500), (9.0, 0))
    )
    assert (summary.calls, summary.refused, summary.failed) == (5, 1, 2)
    assert summary.latency is not None
    assert (summary.latency.p50, summary.latency.p99) == (100, 200)


def test_the_page_shows_what_the_quiet_one_felt() -> None:
    """A line for each third of a run with two tenants; nothing is taken as markup."""
    calls = [Call(T0 + at, QUIET, SUBMIT, 0.02, 202) for at in range(30)]
    assert [len(part) for part in thirds(calls, T0, T0 + 30)] == [10, 10, 10]
    findings = Findings(
        circumstances={"machine": "<script>"},
        scenario="noisy",
        rate=20,
        limit=8,
        seconds=30,
        start=T0,
        calls=calls,
        inside=replay([], T0, 30),
        cpu={},
        left=0,
    )
    made = page(findings, "<svg></svg>")
    assert made.count("<tr><td>while it is noisy</td><td>submit</td><td>10</td>") == 1
    assert "<svg></svg>" in made
    assert "<script>" not in made
