"""The faults, each as something that goes on while jobs are submitted."""

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from local.client import LocalClient
from local.services import environment, url
from tests.faults.system import FAULTS_TOKEN, System

Disturb = Callable[[System], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """A kind of fault, while jobs are submitted for `seconds` at least.

    `misbehaving` is a job type, and `share` how many of the jobs are of it; the others are its
    neighbours. `cancels` is the share of jobs that are cancelled as they may be ending.
    """

    name: str
    disturb: Disturb
    seconds: float = 0.0
    misbehaving: str = "fault.none"
    share: float = 0.0
    cancels: float = 0.0


@contextmanager
def _nothing(_system: System) -> Iterator[None]:
    yield


def repeating(act: Callable[[System], None], every: float) -> Disturb:
    """Act every so many seconds."""

    @contextmanager
    def disturb(system: System) -> Iterator[None]:
        end = threading.Event()

        def repeat() -> None:
            while not end.wait(every):
                act(system)

        thread = threading.Thread(target=repeat)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    return disturb


def _freezing(emulator: str, seconds: float) -> Disturb:
    @contextmanager
    def disturb(system: System) -> Iterator[None]:
        group = system.emulators[emulator]

        def freeze() -> None:
            os.killpg(group, signal.SIGSTOP)
            time.sleep(seconds)
            os.killpg(group, signal.SIGCONT)

        thread = threading.Thread(target=freeze)
        thread.start()
        try:
            yield
        finally:
            thread.join()

    return disturb


def _job_messages(**plan: float) -> Disturb:
    @contextmanager
    def disturb(system: System) -> Iterator[None]:
        address = f"{url(system.ports.local)}/faults"
        _send("PUT", address, plan, FAULTS_TOKEN)
        try:
            yield
        finally:
            _send("DELETE", address, token=FAULTS_TOKEN)

    return disturb


@contextmanager
def _no_topic(system: System) -> Iterator[None]:
    """Publishing fails: the topic is gone. The subscription's backlog goes with it."""
    project = environment(system.ports)["GOOGLE_CLOUD_PROJECT"]
    topic = f"{url(system.ports.pubsub)}/v1/projects/{project}/topics/dormouse-jobs"
    subscription = (
        f"{url(system.ports.pubsub)}/v1/projects/{project}/subscriptions/dormouse-jobs-push"
    )
    with urllib.request.urlopen(subscription, timeout=10) as response:  # noqa: S310 - ours
        settings = json.load(response)
    _send("DELETE", topic)
    _send("DELETE", subscription)
    try:
        yield
    finally:
        _send("PUT", topic, {})
        _send("PUT", subscription, settings)


def sweep_twice(system: System) -> None:
    """Call the sweep as Cloud Scheduler does, but twice at once."""
    variables = environment(system.ports)
    address = f"{url(system.ports.worker)}/sweep"
    client = LocalClient(url(system.ports.api), url(system.ports.local))
    audience = f"{variables['DORMOUSE_WORKER_AUDIENCE']}/sweep"
    token = client.token(variables["DORMOUSE_SCHEDULER_ACCOUNT"], audience)

    def call() -> None:
        asked = urllib.request.Request(  # noqa: S310 - ours
            address, method="POST", headers={"Authorization": f"Bearer {token}"}
        )
        try:
            urllib.request.urlopen(asked, timeout=90).close()  # noqa: S310 - ours
        except OSError:
            return

    for _ in range(2):
        threading.Thread(target=call, daemon=True).start()


def _send(method: str, address: str, body: Any = None, token: str = "") -> None:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    asked = urllib.request.Request(address, data, headers, method=method)  # noqa: S310 - ours
    urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310 - ours


def plan(*, frozen_seconds: float, kills: int) -> list[Fault]:
    """Every kind of fault, in the order in which they are tried.

    Each service is killed so many times.
    """
    return [
        Fault("none", _nothing),
        Fault(
            "worker killed (-9) every second",
            repeating(lambda system: system.worker.kill(), 1.0),
            seconds=kills,
        ),
        Fault(
            "worker told to stop every 3 s",
            repeating(lambda system: system.worker.kill(signal.SIGTERM), 3.0),
            seconds=3 * kills,
        ),
        Fault(
            "API killed (-9) every 2 s",
            repeating(lambda system: system.api.kill(), 2.0),
            seconds=2 * kills,
        ),
        Fault("Firestore frozen", _freezing("firestore", frozen_seconds)),
        Fault("Pub/Sub frozen", _freezing("pubsub", frozen_seconds)),
        Fault("job messages duplicated", _job_messages(duplicate=0.5)),
        Fault("job messages delayed", _job_messages(delay=0.5, delay_seconds=10)),
        Fault("job messages reordered", _job_messages(reorder=0.5)),
        Fault("job messages dropped", _job_messages(drop=0.3)),
        Fault("publishing fails", _no_topic),
        Fault("handler kills its worker", _nothing, misbehaving="fault.kill", share=0.03),
        Fault("handler hangs", _nothing, misbehaving="fault.hang", share=0.1),
        Fault("handler eats memory", _nothing, misbehaving="fault.eat", share=0.1),
        Fault("two sweeps at once, job messages dropped", _both_sweeps_and_drops, seconds=5),
        Fault("cancel racing finish", _nothing, cancels=0.5),
    ]


@contextmanager
def _both_sweeps_and_drops(system: System) -> Iterator[None]:
    with _job_messages(drop=0.3)(system), repeating(sweep_twice, 2.0)(system):
        yield
