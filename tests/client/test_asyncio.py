"""Cancellation, and streams that are left early, under asyncio."""

import asyncio

import pytest
from dormouse import AsyncJob

from tests.client.conftest import asynchronous
from tests.e2e.system import System


def test_waiting_can_be_cancelled(stack: System) -> None:
    """The connection is given back, and the job goes on."""

    async def run() -> None:
        async with asynchronous(stack) as client:
            job = await client.submit("client.echo", {"value": 1}, delay=3600)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(job.result(), 0.2)
            others = [await client.submit("client.echo", {}, delay=3600) for _ in range(2)]
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(client.wait_first([job, *others]), 0.2)
            assert (await job.refresh()).status == "queued"
            for one in (job, *others):
                await one.cancel()

    asyncio.run(run())


def test_a_stream_may_be_left(stack: System) -> None:
    """Leaving the loop gives the connection back."""

    async def first_event(job: AsyncJob[object]) -> str:
        async for event in job.events():
            return event.kind
        return ""

    async def run() -> None:
        async with asynchronous(stack) as client:
            job = await client.submit("client.echo", {"value": 1}, delay=3600)
            assert await first_event(job) == "status"
            await job.cancel()

    asyncio.run(run())
