"""The model's parts against what is known of them in closed form."""

import math
import random
from collections.abc import Callable, Generator
from itertools import pairwise
from statistics import mean
from typing import Any

import msgspec
import pytest
import simpy

from bench.simulator.cloud_run import NoInstance, Service, Sizing, Steps
from bench.simulator.figures import Figures, Latency
from bench.simulator.firestore import Firestore
from bench.simulator.push import FIRST_BACKOFF, PushSubscription, Window
from bench.simulator.servers import Servers
from tests.simulator.conftest import fixed

COLD = 4.0


def chance_of(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - it has to be repeatable


def waits(servers: int, load: float, seconds_of: Callable[[random.Random], float]) -> float:
    """The mean wait of many arrivals at random moments, for one second of service on average."""
    env, chance = simpy.Environment(), chance_of(7)
    line = Servers(env, servers)
    found: list[float] = []

    def arrive() -> Steps:
        for _ in range(100_000):
            yield env.timeout(chance.expovariate(load * servers))
            seconds = seconds_of(chance)
            found.append(line.wait(seconds))

    env.process(arrive())
    env.run()
    return mean(found)


@pytest.mark.parametrize("load", [0.3, 0.6, 0.8])
def test_one_server_makes_wait_as_pollaczek_and_khinchine_say(load: float) -> None:
    """M/D/1: the mean wait is load / 2 (1 - load) services."""
    assert waits(1, load, lambda _: 1.0) == pytest.approx(load / (2 * (1 - load)), rel=0.05)


@pytest.mark.parametrize(("servers", "load"), [(2, 0.7), (6, 0.8)])
def test_several_servers_make_wait_as_erlang_says(servers: int, load: float) -> None:
    """M/M/c: the mean wait is Erlang's C / c (1 - load) services."""
    offered = servers * load
    terms = [offered**k / math.factorial(k) for k in range(servers)]
    last = offered**servers / math.factorial(servers) / (1 - load)
    expected = last / (sum(terms) + last) / (servers * (1 - load))
    found = waits(servers, load, lambda chance: chance.expovariate(1))
    assert found == pytest.approx(expected, rel=0.08)


def test_latencies_have_the_percentiles_that_were_given() -> None:
    """Half of the samples are below the median, one in a hundred above the 99th percentile."""
    latency = Latency(p50=0.012, p99=0.060, basis="assumed", source="a test")
    chance = chance_of(7)
    samples = sorted(latency.sample(chance) for _ in range(50_000))
    assert samples[25_000] == pytest.approx(0.012, rel=0.02)
    assert samples[49_500] == pytest.approx(0.060, rel=0.05)


def test_an_index_range_takes_so_many_writes_a_second(figures: Figures) -> None:
    """Of a thousand writes at once the last waits for the others of its shard."""
    quick = msgspec.structs.replace(figures, commit=fixed(1e-9))
    for shards, seconds in ((1, 999 / 500), (8, 124 / 500)):
        env = simpy.Environment()
        firestore = Firestore(env, quick, chance_of(7), shards)
        for number in range(1000):
            firestore.commit(number % shards)
        env.run()
        assert env.now == pytest.approx(seconds, abs=1e-6)


def test_the_ramp_allows_half_as_much_again_every_five_minutes(figures: Figures) -> None:
    """500/50/5."""
    env = simpy.Environment()
    firestore = Firestore(env, figures, chance_of(7), 8, ramp=True)
    allowed = []
    for until in (1, 301, 601):
        env.run(until)
        allowed.append(firestore.writes_a_second())
    assert allowed == [500, 750, 1125]


def a_service(figures: Figures, **sizing: Any) -> tuple[simpy.Environment, Service]:
    env = simpy.Environment()
    given = {"vcpus": 1, "gib": 1, "concurrency": 2, "max_instances": 3, "cold_start": COLD}
    return env, Service(env, Sizing(**(given | sizing)), figures)


def visits(
    env: simpy.Environment, service: Service, number: int, seconds: float
) -> list[tuple[float, float]]:
    """When each of so many requests, all sent now, began and ended; those refused are left out."""
    seen: list[tuple[float, float]] = []

    def visit() -> Generator[simpy.Event, Any, None]:
        try:
            instance = yield from service.enter()
        except NoInstance:
            return
        start = env.now
        yield env.timeout(seconds)
        service.leave(instance)
        seen.append((start, env.now))

    for _ in range(number):
        env.process(visit())
    env.run(env.now + COLD + 100)
    return seen


def test_the_first_request_waits_for_a_cold_start(figures: Figures) -> None:
    """From zero, a request begins when its instance is up; the next finds it there."""
    env, service = a_service(figures)
    assert visits(env, service, 1, 1.0) == [(COLD, COLD + 1)]
    now = env.now
    assert visits(env, service, 1, 1.0) == [(now, now + 1)]
    assert service.usage.cold_starts == 1
    assert service.used().instance_seconds == pytest.approx(2.0)


def test_instances_and_places_are_never_exceeded(figures: Figures) -> None:
    """Three instances of two places serve six at once, and the rest after them."""
    env, service = a_service(figures)
    seen = visits(env, service, 15, 2.0)
    assert [start for start, _ in sorted(seen)] == [COLD] * 6 + [COLD + 2] * 6 + [COLD + 4] * 3
    assert service.usage.most_instances == 3
    assert service.usage.refused == 0


def test_who_waits_too_long_is_refused(figures: Figures) -> None:
    """Cloud Run answers 429 after ten seconds without a place."""
    env, service = a_service(figures, max_instances=1)
    assert len(visits(env, service, 4, 20.0)) == 2
    assert service.usage.refused == 2


@pytest.mark.parametrize("least", [0, 1])
def test_an_idle_instance_ends(figures: Figures, least: int) -> None:
    """After a quarter of an hour without a request there are none, but for the minimum."""
    env, service = a_service(figures, min_instances=least)
    visits(env, service, 6, 1.0)
    assert service.instances == 3
    env.run(env.now + figures.idle_seconds.value + 60)
    assert service.instances == least


def test_an_instance_is_billed_once_for_all_its_requests(figures: Figures) -> None:
    """Two requests at once on one instance are as long as one."""
    env, service = a_service(figures)
    visits(env, service, 2, 3.0)
    assert service.used().instance_seconds == pytest.approx(3.0)


def a_subscription(seconds: float, window: Window) -> tuple[simpy.Environment, list[float]]:
    """Ten thousand messages at once, each taken after so long; gives when."""
    env = simpy.Environment()
    done: list[float] = []

    def push(_: object) -> Steps:
        yield env.timeout(seconds)
        done.append(env.now)

    subscription = PushSubscription(env, window, push)
    for number in range(10_000):
        subscription.take(number)
    return env, done


def test_the_window_doubles_with_every_round_trip() -> None:
    """From three: 3, 6, 12, 24 messages a round trip."""
    env, done = a_subscription(1.0, Window(3, 3000))
    by_now = [0]
    for seconds in (1.5, 2.5, 3.5, 4.5):
        env.run(seconds)
        by_now.append(len(done))
    assert [later - earlier for earlier, later in pairwise(by_now)] == [3, 6, 12, 24]


def test_above_its_limit_the_window_grows_by_one_a_round_trip() -> None:
    """What was exponential becomes linear."""
    env, _ = a_subscription(1.0, window := Window(3, 24))
    env.run(4.5)
    before = window.size
    env.run(8.5)
    assert window.size - before == pytest.approx(4, abs=1.1)
    assert before < 30


def test_a_refusal_halves_the_window_and_the_message_comes_again() -> None:
    """What was refused is pushed again after the backoff."""
    env = simpy.Environment()
    done: list[tuple[int, float]] = []

    def push(message: int) -> Steps:
        yield env.timeout(1.0)
        if message == 0 and env.now < FIRST_BACKOFF:
            raise NoInstance
        done.append((message, env.now))

    window = Window(3, 3000)
    subscription = PushSubscription(env, window, push)
    window.size = 16
    subscription.take(0)
    env.run(1.5)
    assert window.size == 8
    subscription.take(1)
    env.run()
    assert done == [(1, 2.5), (0, 1.0 + FIRST_BACKOFF + 1.0)]
    assert (subscription.deliveries, subscription.refusals) == (3, 1)
