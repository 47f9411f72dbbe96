"""Jobs watched over HTTP, at real API processes, by a client of server-sent events."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import httpx
import pytest
from httpx_sse import ServerSentEvent, aconnect_sse

from jobs.gcp.firestore import Firestore, FirestoreJobStore, connect_firestore
from jobs.job import transitions
from jobs.job.model import Job, LogLine, Progress, Status
from local.cloud.identity import Issuer
from local.ports import LOOPBACK, Ports
from local.processes import ROOT
from tests.conftest import Emulators
from tests.e2e.counting_api import READS
from tests.factories import KEEP_FOR, T0, a_job, some_settings
from tests.identity.serving import Answer, CertificateServer

pytestmark = pytest.mark.emulators

WATCHERS = 200
LINES = 40
ADA = "ada@example.com"
SECONDS = 60.0


@dataclass(frozen=True)
class Apis:
    """API processes over one store."""

    environment: Mapping[str, str]
    store: FirestoreJobStore
    token: str
    urls: list[str] = field(default_factory=list)

    @contextmanager
    def another(self) -> Iterator[subprocess.Popen[bytes]]:
        """One more process, whose URL comes last."""
        address = f"{LOOPBACK}:{Ports.free().api}"
        command = [sys.executable, "-m", "gunicorn", "--config", "api/gunicorn.conf.py"]
        command += ["--bind", address, "--log-level", "warning"]
        command += ["tests.e2e.counting_api:build()"]
        process = subprocess.Popen(command, cwd=ROOT, env=self.environment)  # noqa: S603 - ours
        try:
            _await_port(process, address)
            self.urls.append(f"http://{address}")
            yield process
        finally:
            process.terminate()
            process.wait(SECONDS)

    @property
    def reads(self) -> int:
        return Path(self.environment[READS]).stat().st_size

    @asynccontextmanager
    async def watching(
        self, client: httpx.AsyncClient, job: Job, api: int = 0, last_id: str = ""
    ) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
        headers = {"Authorization": f"Bearer {self.token}"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        url = f"{self.urls[api]}/v1/jobs/{job.id}/events"
        async with aconnect_sse(client, "GET", url, headers=headers) as source:
            assert source.response.status_code == 200
            yield source.aiter_sse()


@pytest.fixture(scope="module")
def apis(
    emulators: Emulators, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Apis]:
    reads = tmp_path_factory.mktemp("watching") / "reads"
    reads.touch()
    project = "test-watching"
    settings = some_settings(project=project, firestore_emulator=emulators.firestore)
    certificates = CertificateServer()
    certificates.answer = Answer.of(issuer.certificates, Cache_Control="max-age=3600")
    with certificates.serving(), connect_firestore(settings) as channel:
        environment = {
            **os.environ,
            "GOOGLE_CLOUD_PROJECT": project,
            "FIRESTORE_EMULATOR_HOST": emulators.firestore,
            "PUBSUB_EMULATOR_HOST": emulators.pubsub,
            "DORMOUSE_CERTIFICATES_URL": certificates.url,
            "DORMOUSE_API_AUDIENCES": "api",
            "DORMOUSE_ROLES": f'[{{"role": "submitter", "members": ["user:{ADA}"]}}]',
            # One of them may have half.
            "DORMOUSE_MAX_WATCHERS": str(2 * WATCHERS),
            READS: str(reads),
        }
        store = FirestoreJobStore(Firestore(channel, settings))
        apis = Apis(environment, store, issuer.token(ADA, "api"))
        with apis.another(), apis.another():
            yield apis


def _await_port(process: subprocess.Popen[bytes], address: str) -> None:
    """Returns once the process answers."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        assert process.poll() is None
        with suppress(httpx.TransportError):
            httpx.get(f"http://{address}/livez")
            return
        time.sleep(0.05)
    raise AssertionError(f"{address} does not answer")


@pytest.fixture
def job(apis: Apis) -> Job:
    """A running job of Ada's."""
    return apis.store.create(a_job(id=token_hex(16), owner=f"user:{ADA}", status=Status.RUNNING))


def say(apis: Apis, job: Job, number: int) -> Job:
    line = LogLine(number=number, time=T0, level="INFO", text=f"line {number}")
    return apis.store.save(transitions.say(job, [line]), before=job)


def client() -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(timeout=SECONDS, limits=limits, verify=False)  # noqa: S501 - http only


def test_two_hundred_watchers_cost_few_reads(apis: Apis, job: Job) -> None:
    """Two hundred connections all see a job to its end, by far fewer reads than there are."""
    before = apis.reads

    async def watch(client: httpx.AsyncClient, here: asyncio.Semaphore) -> list[str]:
        names: list[str] = []
        async with apis.watching(client, job) as events:
            async for event in events:
                names.append(event.event)
                if event.event == "status" and len(names) == 1:
                    here.release()
        return names

    async def everybody() -> list[list[str]]:
        here = asyncio.Semaphore(0)
        async with client() as shared, asyncio.TaskGroup() as group:
            tasks = [group.create_task(watch(shared, here)) for _ in range(WATCHERS)]
            for _ in range(WATCHERS):
                await here.acquire()
            now = apis.store.save(transitions.report(job, Progress(fraction=0.5)), before=job)
            now = say(apis, now, 1)
            done = transitions.succeed(now, T0, "7", keep_for=KEEP_FOR)
            apis.store.save(done, before=now)
        return [task.result() for task in tasks]

    told = asyncio.run(everybody())
    assert all(names[0] == "status" and names[-2:] == ["status", "end"] for names in told)
    assert all(names.count("log") == names.count("progress") == 1 for names in told)
    assert 0 < apis.reads - before < WATCHERS / 2


def test_coming_back_to_another_process_gets_each_line_once(apis: Apis, job: Job) -> None:
    """Each event at another process, with the id of the one before: no line twice, none missed."""

    async def lines() -> list[int]:
        seen: list[int] = []
        last_id, turn, now = "", 0, job
        async with client() as shared:
            while True:
                if turn < LINES:
                    now = say(apis, now, turn + 1)
                elif turn == LINES:
                    done = transitions.succeed(now, T0, "7", keep_for=KEEP_FOR)
                    apis.store.save(done, before=now)
                async with apis.watching(shared, job, turn % 2, last_id) as events:
                    event = await anext(events)
                turn, last_id = turn + 1, event.id
                if event.event == "log":
                    seen.append(json.loads(event.data)["number"])
                if event.event == "end":
                    return seen

    assert asyncio.run(lines()) == list(range(1, LINES + 1))


def test_a_process_that_is_told_to_stop_lets_its_watchers_go(apis: Apis, job: Job) -> None:
    """SIGTERM ends a stream at once; at another process it goes on where it stopped."""

    async def watch(stopped: subprocess.Popen[bytes]) -> list[str]:
        async with client() as shared:
            async with apis.watching(shared, job, -1) as events:
                first = await anext(events)
                stopped.terminate()
                assert [event async for event in events] == []
            now = say(apis, job, 1)
            done = transitions.succeed(now, T0, "7", keep_for=KEEP_FOR)
            apis.store.save(done, before=now)
            async with apis.watching(shared, job, 0, first.id) as events:
                return [first.event, *[event.event async for event in events]]

    with apis.another() as process:
        assert asyncio.run(watch(process)) == ["status", "log", "status", "end"]
        assert process.wait(SECONDS) == 0
