"""What the build makes of the logs of the revisions that it has just deployed."""

import runpy
from typing import Any

import pytest

from local.processes import ROOT

_look = runpy.run_path(str(ROOT / "infra" / "build" / "look.py"))
Answer: Any = _look["Answer"]
judge_answers: Any = _look["judge_answers"]
judge_attempts: Any = _look["judge_attempts"]


def answers(count: int, *, status: int = 200, seconds: float = 0.1, waited: bool = False) -> Any:
    return [Answer(status=status, seconds=seconds, waited=waited)] * count


@pytest.mark.parametrize(
    ("given", "well"),
    [
        (answers(1), True),
        (answers(99) + answers(1, status=500), True),
        (answers(9) + answers(1, status=500), False),
        (answers(10, status=404), True),
        (answers(20, seconds=5), False),
        (answers(100) + answers(4, seconds=5), True),
        (answers(100) + answers(6, seconds=5), False),
        (answers(19, seconds=5), True),
        (answers(50, seconds=20, waited=True), True),
        ([], False),
    ],
)
def test_a_revision_is_judged_by_its_answers(given: Any, well: bool) -> None:
    """Server errors, and the time of those whom nobody asked to wait, once there are enough."""
    assert (judge_answers("new", given, look_at_time=True) == []) is well


def test_a_worker_may_take_its_time() -> None:
    """A push lasts as long as its job."""
    assert judge_answers("new", answers(50, seconds=300), look_at_time=False) == []


@pytest.mark.parametrize(
    ("new", "others", "well"),
    [
        (["job.succeeded"] * 3, [], True),
        (["job.succeeded", "job.failed"], ["job.succeeded"] * 5, False),
        (["job.retrying"] * 2, [], False),
        # A third party is down: it fails everywhere.
        (["job.failed"] * 5, ["job.failed"] * 5, True),
        ([], ["job.succeeded"], True),
    ],
)
def test_a_worker_is_judged_against_the_others(new: Any, others: Any, well: bool) -> None:
    """A failed attempt is acknowledged like every other, so no answer shows it."""
    assert (judge_attempts("new", new, others) == []) is well


def test_an_answer_is_read_from_cloud_runs_log() -> None:
    """The latency is a text with its unit, and a wait stands in the URL."""
    request = {"status": 200, "latency": "1.5s", "requestUrl": "https://a/v1/jobs/1?wait=20"}
    assert Answer.of({"httpRequest": request}) == Answer(status=200, seconds=1.5, waited=True)
