"""Drives steps under asyncio."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, closing
from typing import Any, TypeVar

import httpx

from dormouse.connection import Connection, translated
from dormouse.steps import (
    Effect,
    Emit,
    ForgetToken,
    Open,
    Read,
    Request,
    Response,
    Send,
    Sleep,
    Steps,
    Together,
)

T = TypeVar("T")


class Asynchronous:
    """The twin of `Blocking`."""

    def __init__(self, connection: Connection, http: httpx.AsyncClient) -> None:
        self._connection = connection
        self._http = http

    async def run(self, steps: Steps[T]) -> T:
        """Runs the steps and returns their result."""
        end = _End()
        async with aclosing(self._drive(steps, end)) as driven:
            async for _ in driven:
                pass
        result: T = end.value
        return result

    async def iterate(self, steps: Steps[None]) -> AsyncGenerator[Any, None]:
        """Runs the steps and yields each item that they emit."""
        async with aclosing(self._drive(steps, _End())) as driven:
            async for item in driven:
                yield item

    async def close(self) -> None:
        """Give up the connections."""
        await self._http.aclose()

    async def _drive(self, steps: Steps[Any], end: "_End") -> AsyncGenerator[Any, None]:
        with closing(steps):
            async with aclosing(_Body()) as body:
                answer: Any = None
                failed: Exception | None = None
                while True:
                    try:
                        effect = steps.throw(failed) if failed else steps.send(answer)
                    except StopIteration as ended:
                        end.value = ended.value
                        return
                    answer, failed = None, None
                    if isinstance(effect, Emit):
                        yield effect.item
                        continue
                    try:
                        answer = await self._do(effect, body)
                    except Exception as error:  # noqa: BLE001 - the steps decide what to make of it
                        failed = error

    async def _do(self, effect: Effect, body: "_Body") -> Any:
        if isinstance(effect, Send):
            return await self._send(effect.request)
        if isinstance(effect, Open):
            return await self._open(effect.request, body)
        if isinstance(effect, Read):
            return await body.read()
        if isinstance(effect, Sleep):
            return await asyncio.sleep(effect.seconds)
        if isinstance(effect, Together):
            return await self._together(effect)
        if isinstance(effect, ForgetToken):
            return self._connection.tokens.forget()
        raise TypeError(effect)

    async def _prepared(self, request: Request) -> httpx.Request:
        tokens = self._connection.tokens
        # Google's library blocks: the loop goes on meanwhile.
        token = tokens.current()
        if token is None:
            token = await asyncio.to_thread(tokens.get)
        return self._connection.prepared(request, token)

    async def _send(self, request: Request) -> Response:
        prepared = await self._prepared(request)
        try:
            response = await self._http.send(prepared)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise translated(error) from error
        return Response(response.status_code, response.headers, response.content)

    async def _open(self, request: Request, body: "_Body") -> Response:
        await body.aclose()
        prepared = await self._prepared(request)
        try:
            response = await self._http.send(prepared, stream=True)
            if response.is_error:
                await response.aread()
                return Response(response.status_code, response.headers, response.content)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise translated(error) from error
        body.of(response)
        return Response(response.status_code, response.headers)

    async def _together(self, effect: Together) -> list[Any]:
        places = asyncio.Semaphore(effect.at_once)

        async def one(steps: Steps[Any]) -> Any:
            async with places:
                return await self.run(steps)

        tasks = [asyncio.ensure_future(one(steps)) for steps in effect.all]
        try:
            return await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class _End:
    """Carries the steps' result, since an asynchronous generator can't return one."""

    value: Any = None


class _Body:
    """The body of the open answer, if there is one."""

    def __init__(self) -> None:
        self._response: httpx.Response | None = None
        self._chunks: AsyncIterator[bytes] | None = None

    def of(self, response: httpx.Response) -> None:
        self._response, self._chunks = response, response.aiter_bytes()

    async def read(self) -> bytes | None:
        if self._chunks is None:
            return None
        try:
            return await anext(self._chunks, None)
        except httpx.RequestError as error:
            raise translated(error) from error

    async def aclose(self) -> None:
        if self._response is not None:
            await self._response.aclose()
            self._response = None
