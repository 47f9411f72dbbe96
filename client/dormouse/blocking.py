"""Drives steps by blocking calls."""

import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
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


class Blocking:
    """Safe for threads, as `httpx.Client` is."""

    def __init__(self, connection: Connection, http: httpx.Client) -> None:
        self._connection = connection
        self._http = http

    def run(self, steps: Steps[T]) -> T:
        """Runs the steps and returns their result."""
        driven = self._drive(steps)
        try:
            while True:
                next(driven)
        except StopIteration as end:
            result: T = end.value
            return result

    def iterate(self, steps: Steps[None]) -> Generator[Any, None, None]:
        """Runs the steps and yields each item that they emit."""
        yield from self._drive(steps)

    def close(self) -> None:
        """Give up the connections."""
        self._http.close()

    def _drive(self, steps: Steps[T]) -> Generator[Any, None, T]:
        with closing(steps), closing(_Body()) as body:
            answer: Any = None
            failed: Exception | None = None
            while True:
                try:
                    effect = steps.throw(failed) if failed else steps.send(answer)
                except StopIteration as end:
                    result: T = end.value
                    return result
                answer, failed = None, None
                if isinstance(effect, Emit):
                    yield effect.item
                    continue
                try:
                    answer = self._do(effect, body)
                except Exception as error:  # noqa: BLE001 - the steps decide what to make of it
                    failed = error

    def _do(self, effect: Effect, body: "_Body") -> Any:
        if isinstance(effect, Send):
            return self._send(effect.request)
        if isinstance(effect, Open):
            return self._open(effect.request, body)
        if isinstance(effect, Read):
            return body.read()
        if isinstance(effect, Sleep):
            return time.sleep(effect.seconds)
        if isinstance(effect, Together):
            return self._together(effect)
        if isinstance(effect, ForgetToken):
            return self._connection.tokens.forget()
        raise TypeError(effect)

    def _send(self, request: Request) -> Response:
        prepared = self._connection.prepared(request, self._connection.tokens.get())
        try:
            response = self._http.send(prepared)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise translated(error) from error
        return Response(response.status_code, response.headers, response.content)

    def _open(self, request: Request, body: "_Body") -> Response:
        body.close()
        prepared = self._connection.prepared(request, self._connection.tokens.get())
        try:
            response = self._http.send(prepared, stream=True)
            if response.is_error:
                response.read()
                return Response(response.status_code, response.headers, response.content)
        except (httpx.RequestError, httpx.InvalidURL) as error:
            raise translated(error) from error
        body.of(response)
        return Response(response.status_code, response.headers)

    def _together(self, effect: Together) -> list[Any]:
        pool = ThreadPoolExecutor(min(effect.at_once, len(effect.all)))
        try:
            return list(pool.map(self.run, effect.all))
        finally:
            pool.shutdown(cancel_futures=True)


class _Body:
    """The body of the open answer, if there is one."""

    def __init__(self) -> None:
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] = iter(())

    def of(self, response: httpx.Response) -> None:
        self._response, self._chunks = response, response.iter_bytes()

    def read(self) -> bytes | None:
        try:
            return next(self._chunks, None)
        except httpx.RequestError as error:
            raise translated(error) from error

    def close(self) -> None:
        if self._response is not None:
            self._response.close()
            self._response = None
