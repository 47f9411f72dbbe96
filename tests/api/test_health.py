"""GET /v1/health."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.service.dependency_health import FRESH_SECONDS, DependencyHealth
from jobs.errors import QueueUnavailable, StoreUnavailable
from jobs.runtime import MACHINE, Runtime
from tests.api.conftest import Harness


def test_says_that_all_is_well(harness: Harness) -> None:
    """Asks for no token; names the release and each dependency with its latency."""
    response = harness.nobody.get("/v1/health")
    assert response.status_code == 200
    health = response.get_json()
    assert (health["status"], health["revision"]) == ("ok", "local")
    assert health["dependencies"].keys() == {"store", "queue"}
    for dependency in health["dependencies"].values():
        assert dependency["status"] == "ok"
        assert dependency["latency_ms"] >= 0


@pytest.mark.parametrize("error", [StoreUnavailable, QueueUnavailable, OSError, ZeroDivisionError])
@pytest.mark.parametrize("name", ["store", "queue"])
def test_a_dependency_that_fails_makes_it_degraded(
    harness: Harness, name: str, error: type[Exception]
) -> None:
    """However a dependency fails, the answer is 503 and says which, and nothing of why."""

    def fail() -> None:
        raise error("secret")

    getattr(harness, name).ping = fail
    harness.__post_init__()
    response = harness.nobody.get("/v1/health")
    assert response.status_code == 503
    health = response.get_json()
    assert health["status"] == "degraded"
    assert {key: one["status"] for key, one in health["dependencies"].items()} == {
        "store": "ok",
        "queue": "ok",
    } | {name: "unavailable"}
    assert "secret" not in response.get_data(as_text=True)


def test_answers_are_fresh_for_some_seconds() -> None:
    """However often it is asked, the dependency is asked once in a while."""
    now, asked = 0.0, 0

    def ping() -> None:
        nonlocal asked
        asked += 1

    dependency_health = DependencyHealth({"store": ping}, Runtime(boot_time=lambda: now))
    for _ in range(3):
        dependency_health.dependencies()
    assert asked == 1
    now = FRESH_SECONDS
    dependency_health.dependencies()
    assert asked == 2


def test_the_dependencies_are_asked_by_one_at_a_time() -> None:
    """While somebody asks, others get the answer before and wait for nobody."""
    now = 0.0
    asking, go_on = threading.Event(), threading.Event()
    go_on.set()
    asked = 0

    def ping() -> None:
        nonlocal asked
        asked += 1
        asking.set()
        go_on.wait()

    dependency_health = DependencyHealth({"store": ping}, Runtime(boot_time=lambda: now))
    dependency_health.dependencies()
    now = FRESH_SECONDS
    asking.clear()
    go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(dependency_health.dependencies)
        asking.wait()
        assert dependency_health.dependencies()["store"].latency_ms == 0
        go_on.set()
        slow.result()
    assert asked == 2


def test_the_first_to_ask_are_answered_together() -> None:
    """Those who come while nobody knows anything yet wait for the one who asks."""
    gate = threading.Barrier(2)
    asked = 0

    def ping() -> None:
        nonlocal asked
        asked += 1
        gate.wait()

    dependency_health = DependencyHealth({"store": ping}, MACHINE)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(dependency_health.dependencies) for _ in range(4)]
        gate.wait()
        assert {answer.result()["store"].status for answer in answers} == {"ok"}
    assert asked == 1


def test_livez_is_for_the_probe(harness: Harness) -> None:
    """Inside the container a probe asks whether the process answers, and asks nobody else."""
    response = harness.nobody.get("/livez")
    assert (response.status_code, response.data) == (200, b"ok")
