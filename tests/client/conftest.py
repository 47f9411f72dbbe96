"""The client before the real system and before the fake, by blocking calls and under asyncio."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
from dormouse import AsyncDormouse, Dormouse
from dormouse.identity.local import LocalCloud
from dormouse.profiles import LOCAL_AUDIENCE
from dormouse.testing import FakeContext, FakeDormouse, Permanent

from local.services import url
from tests.client.synchronous import Waiting
from tests.e2e.system import System


@pytest.fixture(scope="session")
def stack() -> Iterator[System]:
    """The whole system in one process, with the job types of these tests."""
    system = System.start(
        embedded=True, environment={"DORMOUSE_HANDLERS": "tests.client.job_types"}
    )
    try:
        yield system.wait_until_ready()
    finally:
        system.stop()


def _fail(payload: Any, _context: FakeContext) -> Any:
    raise Permanent(str(payload["value"]))


def _talk(payload: Any, context: FakeContext) -> Any:
    for number in range(payload["lines"]):
        context.log(f"line {number}")
        context.progress((number + 1) / payload["lines"], f"{number + 1} of {payload['lines']}")
    return {"value": payload["lines"]}


@pytest.fixture
def fake() -> FakeDormouse:
    """With handlers that do what those of the real system do."""
    fake = FakeDormouse()
    fake.handle("client.echo", lambda payload, _: {"value": payload["value"]})
    fake.handle("client.fail", _fail)
    fake.handle("client.talk", _talk)
    return fake


Connect = Callable[..., Dormouse]


def blocking(system: System, account: str = "", **options: Any) -> Dormouse:
    """A client of the running system."""
    cloud = LocalCloud(url(system.ports.local), account)
    return Dormouse(url(system.ports.api), cloud, audience=LOCAL_AUDIENCE, **options)


def asynchronous(system: System, account: str = "", **options: Any) -> AsyncDormouse:
    """A client of the running system, for asyncio."""
    cloud = LocalCloud(url(system.ports.local), account)
    return AsyncDormouse(url(system.ports.api), cloud, audience=LOCAL_AUDIENCE, **options)


@pytest.fixture(params=["fake", "fake-async", "system", "system-async"])
def client(request: pytest.FixtureRequest) -> Iterator[Dormouse]:
    """Each of the four, with the face of the blocking client."""
    server, _, is_async = request.param.partition("-")
    with ExitStack() as ending:
        if not is_async:
            made = (
                request.getfixturevalue("fake").client()
                if server == "fake"
                else blocking(request.getfixturevalue("stack"))
            )
            yield ending.enter_context(made)
            return
        loop = asyncio.new_event_loop()
        ending.callback(loop.close)
        inner = (
            request.getfixturevalue("fake").async_client()
            if server == "fake"
            else asynchronous(request.getfixturevalue("stack"))
        )
        ending.callback(lambda: loop.run_until_complete(inner.aclose()))
        yield cast("Dormouse", Waiting(inner, loop))
