"""What a principal may submit: a rate, and a number of jobs that have not ended."""

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.limits.lru import Lru
from api.limits.open_jobs import COUNT_HOLDS
from api.limits.submit_rate import SubmitRate
from identity.tokens import Verifier
from jobs.job.model import Status
from jobs.job.store import Filter
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, BOB, ROLES, Caller, Harness
from tests.factories import Clock, some_settings
from tests.faulty import FaultyJobStore

SECOND = timedelta(seconds=1)


class CountingStore(FaultyJobStore):
    """Notes how often it is asked to count."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = 0

    def count_open(self, owner: str, up_to: int) -> int:
        self.counts += 1
        return super().count_open(owner, up_to)


def a_house(issuer: Issuer, verifier: Verifier, **limits: int) -> Harness:
    settings = some_settings(api_audiences=(AUDIENCE,), roles=ROLES, **limits)
    return Harness(issuer, verifier, settings=settings, store=CountingStore())


@pytest.fixture
def rated(issuer: Issuer, verifier: Verifier) -> Harness:
    """Two jobs a second, five at once."""
    return a_house(issuer, verifier, submit_rate=2, submit_burst=5)


@pytest.fixture
def counted(issuer: Issuer, verifier: Verifier) -> Harness:
    """Three jobs that have not ended."""
    return a_house(issuer, verifier, max_open_jobs=3)


def batch(caller: Caller, size: int) -> TestResponse:
    jobs = [{"type": "text.echo", "payload": {"text": "hello"}}] * size
    return caller.post("/v1/jobs:batchCreate", json={"jobs": jobs})


def headers(answer: TestResponse) -> tuple[str | None, ...]:
    names = ("RateLimit-Policy", "RateLimit", "Retry-After")
    return tuple(answer.headers.get(name) for name in names)


POLICY = '"submissions";q=5;w=3'


def test_a_rate(rated: Harness) -> None:
    """After the burst it goes on at the rate, and each answer says what is left."""
    ada = rated.caller(ADA)
    for left, seconds in ((4, 1), (3, 1), (2, 2), (1, 2), (0, 3)):
        answer = ada.submit()
        assert answer.status_code == 202
        assert headers(answer) == (POLICY, f'"submissions";r={left};t={seconds}', None)
    refused = ada.submit()
    assert expect.problem(refused, 429, "rate_limited").retryable
    assert headers(refused) == (POLICY, '"submissions";r=0;t=1', "1")
    assert len(rated.dispatched()) == 5
    rated.clock.move(SECOND)
    assert [ada.submit().status_code for _ in range(3)] == [202, 202, 429]


def test_a_batch_counts_its_jobs(rated: Harness) -> None:
    """All of them or none; after a refusal it can be sent again when the header says."""
    ada = rated.caller(ADA)
    answer = batch(ada, 3)
    assert answer.status_code == 202
    assert headers(answer) == (POLICY, '"submissions";r=2;t=2', None)
    refused = batch(ada, 4)
    expect.problem(refused, 429, "rate_limited")
    assert headers(refused) == (POLICY, '"submissions";r=2;t=1', "1")
    rated.clock.move(SECOND)
    assert batch(ada, 4).status_code == 202


def test_a_batch_beyond_the_burst(rated: Harness) -> None:
    """It needs a full bucket, and is paid off afterwards: it is never impossible."""
    ada = rated.caller(ADA)
    assert batch(ada, 9).status_code == 202
    refused = ada.submit()
    assert headers(refused) == (POLICY, '"submissions";r=0;t=3', "3")
    rated.clock.move(2 * SECOND)
    assert ada.submit().status_code == 429
    rated.clock.move(SECOND)
    assert ada.submit().status_code == 202


def test_each_principal_has_its_own(rated: Harness) -> None:
    """One that is too fast does not slow another."""
    assert batch(rated.caller(ADA), 5).status_code == 202
    assert rated.caller(ADA).submit().status_code == 429
    assert rated.caller(BOB).submit().status_code == 202


def test_only_submissions_are_limited(rated: Harness) -> None:
    """Looking costs nothing of it and says nothing of it."""
    ada = rated.caller(ADA)
    batch(ada, 5)
    for _ in range(10):
        answer = ada.get("/v1/jobs")
        assert answer.status_code == 200
        assert headers(answer) == (None, None, None)


def test_without_limits(issuer: Issuer, verifier: Verifier) -> None:
    """By default there are none: no header, and no question to the store."""
    harness = a_house(issuer, verifier)
    answers = [harness.caller(ADA).submit() for _ in range(20)]
    assert {(answer.status_code, *headers(answer)) for answer in answers} == {
        (202, None, None, None)
    }
    assert isinstance(harness.store, CountingStore)
    assert harness.store.counts == 0


def test_a_clock_that_is_set_back() -> None:
    """It gives nothing, and takes nothing."""
    clock = Clock()
    rate = SubmitRate(2, 5, clock.runtime)
    rate.take("ada", 2)
    clock.move(-timedelta(hours=1))
    assert rate.take("ada", 1)["RateLimit"] == '"submissions";r=2;t=2'


def test_what_was_used_longest_ago_is_forgotten() -> None:
    """However many principals come, memory is bounded."""
    recent: Lru[int] = Lru(3)
    for number in (1, 2, 3, 1, 4):
        recent.put(str(number), number)
    assert len(recent) == 3
    assert [recent.get(name) for name in "1234"] == [1, None, 3, 4]


def test_open_jobs(counted: Harness) -> None:
    """Beyond the number none is made; when one ends there is room again."""
    ada = counted.caller(ADA)
    jobs = [ada.submit().json for _ in range(3)]
    refused = ada.submit()
    assert expect.problem(refused, 429, "too_many_open_jobs").retryable
    assert refused.headers["Retry-After"] == "5"
    assert len(counted.store.list_jobs(Filter(), 10)) == 3
    ada.post(f"{_path(jobs[0])}:cancel")
    counted.clock.move(COUNT_HOLDS)
    assert [ada.submit().status_code for _ in range(2)] == [202, 429]


def test_a_batch_of_open_jobs(counted: Harness) -> None:
    """All of its jobs have room, or none is made."""
    ada = counted.caller(ADA)
    expect.problem(batch(ada, 4), 429, "too_many_open_jobs")
    assert batch(ada, 2).status_code == 202
    expect.problem(batch(ada, 2), 429, "too_many_open_jobs")
    assert batch(ada, 1).status_code == 202


def test_the_jobs_of_others_do_not_count(counted: Harness) -> None:
    """Nor do those that have ended."""
    for number, status in enumerate(Status, start=100):
        counted.put(id=f"{number:032x}", owner=f"user:{BOB}", status=status)
    for number, status in enumerate([Status.SUCCEEDED] * 5, start=200):
        counted.put(id=f"{number:032x}", status=status)
    assert batch(counted.caller(ADA), 3).status_code == 202


def test_the_store_is_asked_once_in_a_while(counted: Harness) -> None:
    """The common way of a job stays without a read."""
    ada = counted.caller(ADA)
    store = counted.store
    assert isinstance(store, CountingStore)
    for _ in range(10):
        ada.submit()
    assert store.counts == 1
    counted.clock.move(COUNT_HOLDS)
    ada.submit()
    assert store.counts == 2


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/jobs:batchCreate"])
def test_the_reference_says_so(rated: Harness, path: str) -> None:
    """Both ways to submit document the answer 429 and its headers."""
    document: Any = rated.nobody.get("/openapi.json").json
    responses = document["paths"][path]["post"]["responses"]
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= responses["429"]["headers"].keys()
    assert {"RateLimit", "RateLimit-Policy"} <= responses["202"]["headers"].keys()
    examples = responses["429"]["content"]["application/problem+json"]["examples"]
    assert examples.keys() == {"rate_limited", "too_many_open_jobs"}


def _path(job: Any) -> str:
    path: str = job["links"]["self"]
    return path
