"""Jobs through a network that drops, delays and doubles: each is one job, all results are right.

A hundred in the suite; 2,000 by

    DORMOUSE_PROXY_JOBS=2000 .venv/bin/pytest -n 0 tests/client/test_faulty_network.py
"""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from dormouse import AsyncDormouse, Dormouse, Submission
from dormouse.identity.local import LocalCloud
from dormouse.profiles import LOCAL_AUDIENCE

from local.services import url
from tests.client.conftest import blocking
from tests.client.faulty_proxy import FaultyProxy, faulty_proxy
from tests.e2e.system import System

_ASKED = os.environ.get("DORMOUSE_PROXY_JOBS")
JOBS = int(_ASKED or 100)
SECONDS = 110 if not _ASKED else 1800
BATCHED = JOBS // 4
pytestmark = pytest.mark.timeout(SECONDS + 60)


def wanted(run: str) -> list[Submission]:
    return [Submission("client.echo", {"value": n}, labels={"run": run}) for n in range(JOBS)]


def check(system: System, proxy: FaultyProxy, run: str, results: dict[str, int]) -> None:
    """Each number is the result of one job, and there are no other jobs."""
    assert sorted(results.values()) == list(range(JOBS))
    with blocking(system) as direct:
        assert {job.id for job in direct.jobs(label=("run", run))} == set(results)
    faults = {kind: count for kind, count in proxy.done.items() if kind != "pass"}
    assert len(faults) == 4, "the network must have been faulty in every way"


def test_each_job_is_done_once_by_blocking_calls(stack: System) -> None:
    """Most are submitted one by one from several threads, the rest in a batch."""
    run = uuid4().hex
    jobs = wanted(run)
    cloud = LocalCloud(url(stack.ports.local))
    with (
        faulty_proxy(stack.ports.api) as proxy,
        Dormouse(proxy.url, cloud, audience=LOCAL_AUDIENCE) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        single = list(
            pool.map(
                lambda one: client.submit(one.type, one.payload, labels=one.labels), jobs[BATCHED:]
            )
        )
        made = [*single, *client.submit_many(jobs[:BATCHED])]
        results = {
            job.id: job.result()["value"] for job in client.as_completed(made, timeout=SECONDS)
        }
    check(stack, proxy, run, results)


def test_each_job_is_done_once_under_asyncio(stack: System) -> None:
    """All at once, as far as eight at a time are."""

    async def through(proxy: FaultyProxy, run: str) -> dict[str, int]:
        cloud = LocalCloud(url(stack.ports.local))
        places = asyncio.Semaphore(8)
        async with AsyncDormouse(proxy.url, cloud, audience=LOCAL_AUDIENCE) as client:

            async def one(job: Submission) -> tuple[str, int]:
                async with places:
                    made = await client.submit(job.type, job.payload, labels=job.labels)
                    return made.id, (await made.result(timeout=SECONDS))["value"]

            return dict(await asyncio.gather(*map(one, wanted(run))))

    run = uuid4().hex
    with faulty_proxy(stack.ports.api) as proxy:
        results = asyncio.run(through(proxy, run))
    check(stack, proxy, run, results)
