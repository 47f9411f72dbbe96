"""The client for asyncio with the face of the other one, so that one suite tests both."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from inspect import iscoroutine
from typing import Any

from dormouse import AsyncDormouse, AsyncJob


class Waiting:
    """Stands around an object of the asynchronous client, and waits for whatever it returns."""

    def __init__(self, inner: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._inner = inner
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return self._calling(found) if callable(found) else self._around(found)

    def __repr__(self) -> str:
        return repr(self._inner)

    def _calling(self, method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            given = [inner_of(argument) for argument in args]
            return self._around(method(*given, **kwargs))

        return call

    def _around(self, value: Any) -> Any:
        if iscoroutine(value):
            return self._around(self._wait(value))
        if isinstance(value, AsyncIterator):
            return self._items(value)
        if isinstance(value, list):
            return [self._around(item) for item in value]
        # What the client is made of, apart from the data that it gives.
        if isinstance(value, (AsyncDormouse, AsyncJob)) or type(value).__module__.endswith(
            "async_resources"
        ):
            return Waiting(value, self._loop)
        return value

    def _items(self, items: AsyncIterator[Any]) -> Iterator[Any]:
        end = object()

        async def following() -> Any:
            return await anext(items, end)

        try:
            while (item := self._wait(following())) is not end:
                yield self._around(item)
        finally:
            if hasattr(items, "aclose"):
                self._wait(items.aclose())

    def _wait(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(coroutine)


def inner_of(value: Any) -> Any:
    if isinstance(value, Waiting):
        return value._inner
    return [inner_of(item) for item in value] if isinstance(value, list) else value
