"""What a job costs: counted at the gRPC channels, on the emulators, through both services."""

import json
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import pytest
from werkzeug.test import Client

from api.app import create_app as create_api
from handlers.webhook_deliver import deliver
from identity.tokens import Verifier
from jobs.context import Link
from jobs.gcp.firestore import Firestore, connect_firestore, stores_in
from jobs.gcp.pubsub import PubsubQueue, connect_pubsub
from jobs.job_types import Registry
from jobs.settings.roles import Binding, Role
from jobs.stores import Stores
from local.cloud.firestore import creation
from local.cloud.identity import Issuer
from local.cloud.settings import CloudSettings
from tests.calls import CountedCalls
from tests.conftest import Emulators
from tests.factories import some_settings
from tests.handlers.web import Web
from tests.worker.misbehaving import REGISTRY as MISBEHAVING
from worker.app import create_app as create_worker
from worker.attempts.outcome import HandlerOutcome
from worker.processes.run import Task, run_handler

pytestmark = pytest.mark.emulators

ADA = "ada@example.com"
PUSH = "push@test.iam.gserviceaccount.com"
EVENTARC = "eventarc@test.iam.gserviceaccount.com"
REGISTRY = Registry([*MISBEHAVING, deliver])
CLOUD = CloudSettings(
    project="test",
    worker_url="",
    worker_audience="",
    push_account=PUSH,
    scheduler_account="",
    eventarc_account=EVENTARC,
)


class Here:
    """Runs handlers in this process."""

    def run(self, task: Task, link: Link) -> HandlerOutcome:
        return run_handler(REGISTRY.get(task.job_type), task, link)

    def stop(self) -> None:
        """There is nothing to end."""


@dataclass
class Services:
    """Both services, the tokens for them, and what goes over their channels."""

    api: Client
    worker: Client
    caller: str
    pusher: str
    clock: str
    eventarc: str
    stores: Stores
    calls: CountedCalls

    def submit(self, text: str = "hello") -> str:
        body = {"type": "test.echo", "payload": {"text": text}}
        headers = {"Authorization": f"Bearer {self.caller}"}
        answer = self.api.post("/v1/jobs", json=body, headers=headers)
        assert answer.status_code == 202, answer.get_data(as_text=True)
        return str(answer.get_json()["id"])

    def plan(self, **timing: Any) -> None:
        template = {"type": "test.echo", "payload": {"text": "hello"}}
        headers = {"Authorization": f"Bearer {self.caller}"}
        body = {"template": template, **timing}
        answer = self.api.post("/v1/schedules", json=body, headers=headers)
        assert answer.status_code == 201, answer.get_data(as_text=True)

    def sweep(self) -> None:
        headers = {"Authorization": f"Bearer {self.clock}"}
        answer = self.worker.post("/sweep", headers=headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)

    def push(self, job_message: bytes) -> None:
        message = {"data": b64encode(job_message).decode(), "messageId": "1"}
        headers = {"Authorization": f"Bearer {self.pusher}"}
        body = json.dumps({"message": message, "subscription": "jobs"})
        answer = self.worker.post("/jobs", data=body, headers=headers)
        assert answer.status_code == 204, answer.get_data(as_text=True)

    def tell(self, event_id: str) -> None:
        """As Eventarc calls for a new event."""
        headers, data = creation(CLOUD, f"events/{event_id}", {}, datetime.now(UTC))
        headers["Authorization"] = f"Bearer {self.eventarc}"
        answer = self.worker.post("/events", data=data, headers=headers)
        assert answer.status_code == 204, answer.get_data(as_text=True)

    def status_of(self, job_id: str) -> str:
        headers = {"Authorization": f"Bearer {self.caller}"}
        return str(self.api.get(f"/v1/jobs/{job_id}", headers=headers).get_json()["status"])


@pytest.fixture
def web() -> Iterator[Web]:
    """A receiver of webhooks."""
    with Web().serving() as serving:
        serving.answer("/hook")
        yield serving


@pytest.fixture
def services(
    emulators: Emulators, project: str, issuer: Issuer, verifier: Verifier, web: Web
) -> Iterator[Services]:
    settings = some_settings(
        project=project,
        firestore_emulator=emulators.firestore,
        pubsub_emulator=emulators.pubsub,
        api_audiences=("api",),
        roles=(Binding(Role.SUBMITTER, (f"user:{ADA}",)),),
        worker_audience="worker",
        push_account=PUSH,
        eventarc_account=EVENTARC,
        allowed_hosts=frozenset({web.host_and_port}),
    )
    calls = CountedCalls()
    with connect_firestore(settings) as to_firestore, connect_pubsub(settings) as to_pubsub:
        _create_topic(emulators.pubsub, f"projects/{project}/topics/{settings.topic}")
        firestore = Firestore(grpc.intercept_channel(to_firestore, calls), settings)
        stores = stores_in(firestore)
        parts: dict[str, Any] = {
            "stores": stores,
            "queue": PubsubQueue(grpc.intercept_channel(to_pubsub, calls), settings),
            "verifier": verifier,
            "registry": REGISTRY,
        }
        yield Services(
            api=create_api(settings, **parts).test_client(),
            worker=create_worker(settings, **parts, runner=Here()).test_client(),
            caller=issuer.token(ADA, "api"),
            pusher=issuer.token(PUSH, "worker/jobs"),
            clock=issuer.token(settings.scheduler_account, "worker/sweep"),
            eventarc=issuer.token(EVENTARC, "worker"),
            stores=stores,
            calls=calls,
        )


def _create_topic(emulator: str, topic: str) -> None:
    asked = urllib.request.Request(
        f"http://{emulator}/v1/{topic}", b"{}", {"Content-Type": "application/json"}, method="PUT"
    )
    urllib.request.urlopen(asked, timeout=10).close()  # noqa: S310 - ours


def test_a_job_costs_three_writes_and_one_message(services: Services) -> None:
    """From submission to result: three document writes, no reads, one message, and no more.

    The list of those who listen is fetched once a minute by a busy process, whatever it does.
    """
    services.submit()
    services.push(services.calls.published[-1])
    assert services.calls.methods["RunQuery"] == 1
    services.calls.clear()
    job_id = services.submit()
    services.push(services.calls.published[-1])
    assert dict(services.calls.methods) == {"Commit": 3, "Publish": 1}
    assert services.calls.writes == 3
    assert services.calls.messages == 1
    assert services.status_of(job_id) == "succeeded"


@pytest.mark.parametrize(
    ("path", "calls"),
    [
        ("/v1/jobs", {"RunQuery": 1}),
        ("/v1/jobs?status=queued&type=test.echo&label.team=a", {"RunQuery": 1}),
        ("/v1/schedules", {"RunQuery": 1}),
        ("/v1/webhooks", {"RunQuery": 1}),
        ("/v1/jobs/{id}", {"GetDocument": 1}),
        ("/v1/jobs/{id}/deliveries", {"GetDocument": 1, "RunQuery": 1}),
    ],
)
def test_a_page_costs_no_more_reads_than_it_has_entries(
    services: Services, path: str, calls: dict[str, int]
) -> None:
    """However many jobs there are: a query finds what is shown, and a status is one read."""
    for _ in range(5):
        job_id = services.submit()
    services.calls.clear()
    paging = "" if path.endswith("{id}") else "&page_size=2" if "?" in path else "?page_size=2"
    headers = {"Authorization": f"Bearer {services.caller}"}
    answer = services.api.get(path.format(id=job_id) + paging, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert dict(services.calls.methods) == calls
    assert services.calls.limits == [2] * calls.get("RunQuery", 0)


def test_a_firing_costs_one_commit_of_two_writes(services: Services) -> None:
    """A schedule's time: one query, one commit for the schedule and its job, and one message."""
    start = datetime.now(UTC) + timedelta(seconds=0.5)
    services.plan(every_seconds=3600, start_at=start.isoformat())
    services.calls.clear()
    services.sweep()
    idle = services.calls.methods["RunQuery"]
    assert services.calls.methods == {"RunQuery": idle, "Commit": 1, "Publish": 1}
    assert (services.calls.writes, services.calls.messages) == (2, 1)
    services.push(services.calls.published[-1])
    assert services.calls.writes == 4
    services.calls.clear()
    services.sweep()
    # Eight shards of jobs, the events, the schedules.
    assert dict(services.calls.methods) == {"RunQuery": 10}
    assert idle == 10


def test_a_duplicate_job_message_costs_one_refused_write_and_one_read(services: Services) -> None:
    """A job message that comes a second time is found out without writing anything."""
    services.submit()
    services.push(services.calls.published[-1])
    job_message = services.calls.published[-1]
    services.calls.clear()
    services.push(job_message)
    assert dict(services.calls.methods) == {"Commit": 1, "GetDocument": 1}


def test_a_large_job_costs_one_read(services: Services) -> None:
    """A job that is too large for its job message is read once by the worker."""
    services.submit()
    services.push(services.calls.published[-1])
    services.calls.clear()
    job_id = services.submit("x" * 10_000)
    services.push(services.calls.published[-1])
    assert dict(services.calls.methods) == {"Commit": 3, "GetDocument": 1, "Publish": 1}
    assert services.status_of(job_id) == "succeeded"


def test_what_a_webhook_costs_more(services: Services, web: Web) -> None:
    """For each job that is told: four writes, a deletion, two reads and a message more.

    The event is written with the job's last save. Telling it reads it, makes the delivery and
    deletes it; the delivery is a job of two more writes, which reads its webhook. With the events
    topic it is one message more. docs/webhooks.md has these figures.
    """
    headers = {"Authorization": f"Bearer {services.caller}"}
    made = services.api.post("/v1/webhooks", json={"url": web.url("/hook")}, headers=headers)
    assert made.status_code == 201, made.get_data(as_text=True)
    services.submit()
    services.push(services.calls.published[-1])
    for event in services.stores.events.due(datetime.now(UTC) + timedelta(days=1), 9):
        services.stores.events.delete(event.id)
    services.calls.clear()

    services.submit()
    services.push(services.calls.published[-1])
    assert dict(services.calls.methods) == {"Commit": 3, "Publish": 1}
    assert services.calls.writes == 4
    (event,) = services.stores.events.due(datetime.now(UTC) + timedelta(days=1), 9)
    services.calls.clear()
    services.tell(event.id)
    assert dict(services.calls.methods) == {"GetDocument": 1, "Commit": 2, "Publish": 1}
    assert services.calls.writes == 2
    job_message = services.calls.published[-1]
    services.calls.clear()
    services.push(job_message)
    assert dict(services.calls.methods) == {"GetDocument": 1, "Commit": 2}
    assert services.calls.writes == 2
    assert len(web.received) == 1
