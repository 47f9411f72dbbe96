"""Deliveries: how messages get from Pub/Sub to the worker, over both sources."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import pytest

from jobs.dispatch.queue import JobMessage
from jobs.gcp.channel import connect
from jobs.gcp.messages import message
from jobs.job.model import Version
from jobs.memory.jobs import MemoryQueue
from local.cloud.backlog import backoff
from local.cloud.deliveries import Deliveries, PubsubUnavailable, Source
from local.cloud.memory import MemoryPubsub
from local.cloud.pubsub import PubsubEmulator
from local.cloud.push import MAX_DELIVERY_ATTEMPTS, Message, Subscription, subscriptions
from tests.conftest import Emulators

JOB_MESSAGES, DEAD_LETTERS = subscriptions("dormouse-jobs")
_GetSubscriptionRequest = message("google.pubsub.v1.GetSubscriptionRequest")
_PublishRequest = message("google.pubsub.v1.PublishRequest")
_PubsubMessage = message("google.pubsub.v1.PubsubMessage")
_Subscription = message("google.pubsub.v1.Subscription")
SECONDS = 20


@dataclass
class Bench:
    """A source, and how a message gets into it."""

    source: Source
    publish: Callable[[bytes], None]
    taken: SimpleQueue[Message] = field(default_factory=SimpleQueue)
    answer: Callable[[Message], bool] = lambda _: True

    def deliver(self, subscription: Subscription, message: Message) -> bool:
        del subscription
        self.taken.put(message)
        return self.answer(message)

    @contextmanager
    def delivering(self, at_once: int = 8) -> Iterator[None]:
        stopped = threading.Event()
        work = Deliveries(self.source, JOB_MESSAGES, self.deliver, at_once, stopped)
        thread = threading.Thread(target=work.run, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            if isinstance(self.source, PubsubEmulator):
                self.source.close()
            thread.join(SECONDS)
            assert not thread.is_alive()


def memory_bench() -> Bench:
    queue = MemoryQueue()

    def publish(data: bytes) -> None:
        queue.dispatch([JobMessage(job_id=data.decode(), version=Version("1"))])

    return Bench(MemoryPubsub("prj", JOB_MESSAGES.topic, queue, lambda: datetime.now(UTC)), publish)


def emulator_bench(address: str, project: str) -> Bench:
    source = PubsubEmulator(project, address)
    source.create(JOB_MESSAGES)
    channel = connect("", address)
    call: Callable[..., bytes] = channel.unary_unary(
        "/google.pubsub.v1.Publisher/Publish", _PublishRequest.SerializeToString
    )

    def publish(data: bytes) -> None:
        job_message = JobMessage(job_id=data.decode(), version=Version("1")).encode()
        topic = f"projects/{project}/topics/{JOB_MESSAGES.topic}"
        call(_PublishRequest(topic=topic, messages=[_PubsubMessage(data=job_message)]))

    return Bench(source, publish)


@pytest.fixture(params=["memory", "emulator"])
def bench(request: pytest.FixtureRequest, project: str) -> Bench:
    if request.param == "memory":
        return memory_bench()
    emulators: Emulators = request.getfixturevalue("emulators")
    return emulator_bench(emulators.pubsub, project)


def test_a_message_is_delivered(bench: Bench) -> None:
    """What is published is delivered, as it is, as its first attempt."""
    with bench.delivering():
        bench.publish(b"a")
        message = bench.taken.get(timeout=SECONDS)
    assert JobMessage.decode(message.data).job_id == "a"
    assert message.attempt == 1


def test_a_refused_message_comes_again(bench: Bench) -> None:
    """A refusal is answered by another delivery, counted; an acknowledgement is the end."""
    bench.answer = lambda message: message.attempt == 3
    with bench.delivering():
        bench.publish(b"a")
        deliveries = [bench.taken.get(timeout=SECONDS) for _ in range(3)]
    assert [message.attempt for message in deliveries] == [1, 2, 3]
    assert len({message.id for message in deliveries}) == 1
    assert bench.taken.empty()


def test_as_many_as_allowed_are_under_way_at_once(bench: Bench) -> None:
    """Four deliveries run side by side where four are allowed, and never five."""
    meeting = threading.Barrier(4)
    lock = threading.Lock()
    under_way = [0]
    seen = []

    def meet(_: Message) -> bool:
        with lock:
            under_way[0] += 1
            seen.append(under_way[0])
        meeting.wait(SECONDS)
        with lock:
            under_way[0] -= 1
        return True

    bench.answer = meet
    with bench.delivering(at_once=4):
        for number in range(8):
            bench.publish(str(number).encode())
        taken = {bench.taken.get(timeout=SECONDS).id for _ in range(8)}
    assert len(taken) == 8
    assert max(seen) == 4


def test_subscriptions_may_be_there_already(emulators: Emulators, project: str) -> None:
    """Making the subscriptions a second time changes nothing."""
    emulator = PubsubEmulator(project, emulators.pubsub)
    for _ in range(2):
        for subscription in (JOB_MESSAGES, DEAD_LETTERS):
            emulator.create(subscription)
    emulator.close()


def test_a_missing_emulator_is_told(project: str) -> None:
    """Calls on a closed channel say that Pub/Sub is not available."""
    emulator = PubsubEmulator(project, "127.0.0.1:1")
    emulator.close()
    with pytest.raises(PubsubUnavailable):
        emulator.pull(JOB_MESSAGES, 1)


def test_memory_gives_up_on_a_message() -> None:
    """After the last attempt a message goes to the dead letters, marked with where it was."""
    now = [datetime(2026, 1, 1, tzinfo=UTC)]
    queue = MemoryQueue()
    source = MemoryPubsub("prj", JOB_MESSAGES.topic, queue, lambda: now[0])
    queue.dispatch([JobMessage(job_id="a", version=Version("1"))])
    for attempt in range(1, MAX_DELIVERY_ATTEMPTS + 1):
        [(ack_id, message)] = source.pull(JOB_MESSAGES, 1)
        assert message.attempt == attempt
        source.refuse(JOB_MESSAGES, ack_id)
        now[0] += backoff(attempt)
    assert source.pull(JOB_MESSAGES, 1) == []
    [(ack_id, dead_letter)] = source.pull(DEAD_LETTERS, 1)
    assert JobMessage.decode(dead_letter.data).job_id == "a"
    assert dead_letter.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == "50"
    assert dead_letter.attributes["CloudPubSubDeadLetterSourceSubscription"] == JOB_MESSAGES.name
    source.acknowledge(DEAD_LETTERS, ack_id)


def test_the_emulator_gives_up_on_a_message_too(emulators: Emulators, project: str) -> None:
    """The subscription that the local cloud makes has the dead-letter policy of the real one."""
    emulator = PubsubEmulator(project, emulators.pubsub)
    emulator.create(JOB_MESSAGES)
    channel = connect("", emulators.pubsub)
    name = f"projects/{project}/subscriptions/{JOB_MESSAGES.name}"
    get: Callable[..., Any] = channel.unary_unary(
        "/google.pubsub.v1.Subscriber/GetSubscription",
        _GetSubscriptionRequest.SerializeToString,
        _Subscription.FromString,
    )
    made = get(_GetSubscriptionRequest(subscription=name))
    assert made.dead_letter_policy.max_delivery_attempts == MAX_DELIVERY_ATTEMPTS
    assert made.dead_letter_policy.dead_letter_topic.endswith("/dormouse-dead-letters")
    assert made.ack_deadline_seconds == 600
    channel.close()
    emulator.close()
