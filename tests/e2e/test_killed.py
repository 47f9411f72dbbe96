"""A worker that is really killed between a job's last save and the telling of it, on Firestore."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook as Published

from jobs.gcp.firestore import Firestore, connect_firestore, stores_in
from jobs.job.model import Status
from jobs.stores import Stores
from local.processes import ROOT
from tests.conftest import Emulators
from tests.factories import a_job, some_settings
from tests.handlers.web import Web
from tests.worker.delivery_harness import ADA, Harness

pytestmark = pytest.mark.emulators


@pytest.fixture
def web() -> Iterator[Web]:
    with Web().serving() as serving:
        serving.answer("/hook")
        yield serving


@pytest.fixture
def stores(emulators: Emulators, project: str) -> Iterator[Stores]:
    settings = some_settings(project=project, firestore_emulator=emulators.firestore)
    with connect_firestore(settings) as channel:
        yield stores_in(Firestore(channel, settings))


def test_killed_before_it_told(
    emulators: Emulators, project: str, stores: Stores, web: Web
) -> None:
    """After SIGKILL the job is saved and its event is there; the next sweep tells it, once."""
    harness = Harness(frozenset({web.host_and_port}), kept_in=stores)
    hook = harness.hook(web.url("/hook"))
    now = datetime.now(UTC)
    running = a_job(status=Status.RUNNING, owner=ADA, started_at=now, wake_at=now)
    job = stores.jobs.create(running)
    command = [sys.executable, "-m", "tests.e2e.killed", project, emulators.firestore, job.id]
    killed = subprocess.run(command, cwd=ROOT, check=False, timeout=60)  # noqa: S603 - ours
    assert killed.returncode == -signal.SIGKILL
    saved = stores.jobs.get(job.id)
    assert saved
    assert saved.status is Status.SUCCEEDED
    assert web.received == []

    harness.clock.moment = datetime.now(UTC) + timedelta(seconds=61)
    assert harness.fan_out.sweep() == 1
    assert harness.fan_out.sweep() == 0
    harness.answer()
    (request,) = web.received
    told = Published(hook.secrets.current).verify(request.body, dict(request.headers))
    assert told["data"]["id"] == job.id
    assert told["id"] == request.headers["webhook-id"]
