"""docs/requests.http, sent from its first request to its last."""

import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from api.app import create_app as create_api
from handlers import REGISTRY
from identity.tokens import Verifier
from jobs.context import Link
from jobs.memory.jobs import MemoryQueue, memory_stores
from local.cloud.identity import Issuer
from tests.api.conftest import ADA, AUDIENCE, OTTO, ROLES
from tests.api.http_file import filled, parse
from tests.factories import some_settings
from worker.app import create_app as create_worker
from worker.attempts.outcome import HandlerOutcome
from worker.processes.run import Task, run_handler

FILE = Path(__file__).parents[2] / "docs" / "requests.http"


class HandlersHere:
    """Runs handlers in this process."""

    def run(self, task: Task, link: Link) -> HandlerOutcome:
        return run_handler(REGISTRY.get(task.job_type), task, link)

    def stop(self) -> None:
        pass


@pytest.fixture
def client(issuer: Issuer, verifier: Verifier) -> Iterator[Client]:
    """The API with the real job types, and a worker to whom job messages are pushed."""
    settings = some_settings(api_audiences=(AUDIENCE,), roles=ROLES)
    stores, queue = memory_stores(), MemoryQueue()
    api = create_api(settings, stores=stores, queue=queue, verifier=verifier, registry=REGISTRY)
    worker = Client(
        create_worker(
            settings,
            stores=stores,
            queue=queue,
            verifier=verifier,
            registry=REGISTRY,
            runner=HandlersHere(),
        )
    )
    token = issuer.token(settings.push_account, f"{settings.worker_audience}/jobs")
    stop = threading.Event()

    def push() -> None:
        while not stop.is_set():
            if data := queue.take(timeout=0.05):
                message = {"data": b64encode(data).decode(), "messageId": "1"}
                headers = {"Authorization": f"Bearer {token}"}
                worker.post("/jobs", json={"message": message}, headers=headers)

    pusher = threading.Thread(target=push)
    pusher.start()
    try:
        yield Client(api)
    finally:
        stop.set()
        pusher.join()


def test_every_request_is_answered_as_it_says(client: Client, issuer: Issuer) -> None:
    """Sent in order, each request gets the status that its title names, and the job's status."""
    variables, requests = parse(FILE.read_text())
    variables["token"] = issuer.token(ADA, AUDIENCE)
    variables["operator"] = issuer.token(OTTO, AUDIENCE)
    answers: dict[str, Any] = {}
    for request in requests:
        headers = {
            name: filled(value, variables, answers) for name, value in request.headers.items()
        }
        response = client.open(
            filled(request.url, variables, answers),
            method=request.method,
            headers=headers,
            data=filled(request.body, variables, answers),
        )
        shown = f"{request.title}: {response.get_data(as_text=True)[:500]}"
        assert response.status_code == request.status, shown
        if request.job:
            assert response.get_json()["status"] == request.job, shown
        if request.name:
            answers[request.name] = response.get_json()
    assert len(requests) > 30


def test_every_operation_is_there(client: Client) -> None:
    """The file has an example of each operation of the API."""
    _, requests = parse(FILE.read_text())
    documented = {
        (method.upper(), path)
        for path, methods in client.get("/openapi.json").get_json()["paths"].items()
        for method in methods
    }
    shown = {(request.method, _template(request.url)) for request in requests}
    assert documented <= shown


_ARGUMENTS = {
    "jobs": "{job_id}",
    "job-types": "{name}",
    "dead-letters": "{letter_id}",
    "webhooks": "{webhook_id}",
    "deliveries": "{delivery_id}",
    "schedules": "{schedule_id}",
}


def _template(url: str) -> str:
    """The path of the document that this URL is an example of."""
    path = url.removeprefix("{{host}}").partition("?")[0]
    parts = path.split("/")
    # A resource's name follows its collection's.
    for collection, place in zip(parts[2::2], range(3, len(parts), 2), strict=False):
        verb = "".join(parts[place].rpartition(":")[1:]) if ":" in parts[place] else ""
        parts[place] = _ARGUMENTS[collection] + verb
    return "/".join(parts)
