"""Faults on request: each does what it says, the same each time, and nothing unasked."""

import threading
from collections import Counter
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from local.cloud.app import create_app
from local.cloud.faults import FaultPlan, Faults, fate_of
from local.cloud.firestore import EVENTS
from local.cloud.identity import Issuer
from local.cloud.push import Message, Subscription, subscriptions

JOB_MESSAGES, DEAD_LETTERS = subscriptions("jobs")


def message(number: int, attempt: int = 1) -> Message:
    return Message(
        id=str(number), data=b"", published_at=datetime(2026, 1, 1, tzinfo=UTC), attempt=attempt
    )


class Pushed:
    """Where messages arrive, and how long the local cloud waited."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.waits: list[float] = []
        self.delivers = True

    def push(self, subscription: Subscription, message: Message) -> bool:
        del subscription
        self.messages.append(message.id)
        return self.delivers

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return False


@pytest.fixture
def pushed() -> Pushed:
    return Pushed()


@pytest.fixture
def faults(pushed: Pushed) -> Faults:
    return Faults(pushed.push, pushed.wait)


def test_without_a_plan_nothing_happens(faults: Faults, pushed: Pushed) -> None:
    """Messages are handed on as they are, and the worker's answer is handed back."""
    assert faults.deliver(JOB_MESSAGES, message(1))
    pushed.delivers = False
    assert not faults.deliver(JOB_MESSAGES, message(2))
    assert pushed.messages == ["1", "2"]


def test_a_dropped_message_counts_as_delivered(faults: Faults, pushed: Pushed) -> None:
    """A dropped message is acknowledged and never pushed."""
    faults.plan = FaultPlan(drop=1.0)
    assert faults.deliver(JOB_MESSAGES, message(1))
    assert pushed.messages == []


def test_a_duplicate_is_pushed_twice(faults: Faults, pushed: Pushed) -> None:
    """A duplicated message arrives twice."""
    faults.plan = FaultPlan(duplicate=1.0)
    assert faults.deliver(JOB_MESSAGES, message(1))
    assert pushed.messages == ["1", "1"]


def test_a_delayed_message_waits(faults: Faults, pushed: Pushed) -> None:
    """A delayed message is pushed after a wait within the bound."""
    faults.plan = FaultPlan(delay=1.0, delay_seconds=3.0)
    assert faults.deliver(JOB_MESSAGES, message(1))
    assert pushed.messages == ["1"]
    assert len(pushed.waits) == 1
    assert 0 < pushed.waits[0] <= 3.0


def test_a_reordered_message_is_overtaken(faults: Faults, pushed: Pushed) -> None:
    """A reordered message is pushed after one that came later."""
    plan = FaultPlan(reorder=0.5)
    held = next(n for n in range(100) if fate_of(plan, message(n)).overtaken)
    passing = next(n for n in range(100) if not fate_of(plan, message(n)).overtaken)
    faults.plan = plan
    waiting = threading.Thread(target=faults.deliver, args=(JOB_MESSAGES, message(held)))
    waiting.start()
    while waiting.is_alive():
        faults.deliver(JOB_MESSAGES, message(passing))
    assert pushed.messages.index(str(passing)) < pushed.messages.index(str(held))


def test_events_are_tampered_with_too(faults: Faults, pushed: Pushed) -> None:
    """What is done to job messages is done to events."""
    faults.plan = FaultPlan(drop=1.0)
    assert faults.deliver(EVENTS.subscription, message(1))
    assert pushed.messages == []
    faults.plan = FaultPlan(duplicate=1.0)
    assert faults.deliver(EVENTS.subscription, message(2))
    assert pushed.messages == ["2", "2"]


def test_dead_letters_are_left_alone(faults: Faults, pushed: Pushed) -> None:
    """What an operator must see is not tampered with."""
    faults.plan = FaultPlan(drop=1.0)
    assert faults.deliver(DEAD_LETTERS, message(1))
    assert pushed.messages == ["1"]


def test_the_same_seed_has_the_same_fate() -> None:
    """A delivery's fate follows from seed, message and attempt alone."""
    plan = FaultPlan(drop=0.5, duplicate=0.5, delay=0.5, reorder=0.5, seed=7)
    fates = [fate_of(plan, message(number)) for number in range(100)]
    assert fates == [fate_of(plan, message(number)) for number in range(100)]
    again = FaultPlan(drop=0.5, duplicate=0.5, delay=0.5, reorder=0.5, seed=8)
    assert fates != [fate_of(again, message(number)) for number in range(100)]
    assert fates != [fate_of(plan, message(number, attempt=2)) for number in range(100)]


def test_probabilities_are_kept() -> None:
    """About as many messages are dropped as the plan says."""
    plan = FaultPlan(drop=0.2, seed=1)
    dropped = Counter(fate_of(plan, message(number)).dropped for number in range(2000))
    assert 300 < dropped[True] < 500


@pytest.fixture
def cloud(issuer: Issuer, faults: Faults) -> FlaskClient:
    app = create_app(issuer, faults, faults_token="secret")
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer secret"
    return client


@pytest.mark.parametrize("given", ["", "Bearer wrong", "secret", "Bearer secré"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_plan_needs_its_token(
    cloud: FlaskClient, faults: Faults, method: str, given: str
) -> None:
    """A job may call the local cloud, and must not lose the messages of other jobs by it."""
    faults.plan = FaultPlan(drop=0.5, seed=1)
    answer = cloud.open("/faults", method=method, json={}, headers={"Authorization": given})
    assert (answer.status_code, faults.plan.drop) == (401, 0.5)


def test_without_a_token_there_are_no_plans(issuer: Issuer, faults: Faults) -> None:
    """`./dev up` has none."""
    assert create_app(issuer, faults).test_client().get("/faults").status_code == 404


def test_a_plan_is_set_and_ended_over_http(cloud: FlaskClient, faults: Faults) -> None:
    """PUT sets a plan, GET shows it, DELETE ends it."""
    assert cloud.get("/faults").get_json() is None
    answer = cloud.put("/faults", json={"drop": 0.25, "seed": 3})
    assert faults.plan == FaultPlan(drop=0.25, seed=3)
    assert cloud.get("/faults").get_json() == answer.get_json()
    assert cloud.delete("/faults").status_code == 204
    assert faults.plan is None


@pytest.mark.parametrize("body", [{"drop": 1.5}, {"dorp": 0.5}, []])
def test_a_wrong_plan_is_refused(cloud: FlaskClient, faults: Faults, body: object) -> None:
    """A plan that is not one changes nothing."""
    assert cloud.put("/faults", json=body).status_code == 400
    assert faults.plan is None
