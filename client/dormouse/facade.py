"""Methods from operations: the signature is written once, and holds for both clients."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from dormouse.asynchronous import Asynchronous
from dormouse.blocking import Blocking
from dormouse.calling import Policy
from dormouse.steps import Steps

P = ParamSpec("P")
T = TypeVar("T")
Operation = Callable[Concatenate[Policy, P], Steps[T]]


class _WithBlocking(Protocol):
    driver: Blocking
    policy: Policy


class _WithAsynchronous(Protocol):
    driver: Asynchronous
    policy: Policy


def blocking(
    operation: Callable[Concatenate[Policy, P], Steps[T]],
) -> Callable[Concatenate[_WithBlocking, P], T]:
    """A method that does the operation and returns its outcome."""

    @wraps(operation)
    def method(self: _WithBlocking, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.driver.run(operation(self.policy, *args, **kwargs))

    return method


def iterating(
    operation: Callable[Concatenate[Policy, P], Steps[None]], kind: type[T]
) -> Callable[Concatenate[_WithBlocking, P], Iterator[T]]:
    """A method whose iterator gives what the operation emits."""
    del kind

    @wraps(operation)
    def method(self: _WithBlocking, /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return self.driver.iterate(operation(self.policy, *args, **kwargs))

    return method


def awaiting(
    operation: Callable[Concatenate[Policy, P], Steps[T]],
) -> Callable[Concatenate[_WithAsynchronous, P], Coroutine[Any, Any, T]]:
    """As `blocking`, to be awaited."""

    @wraps(operation)
    async def method(self: _WithAsynchronous, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.driver.run(operation(self.policy, *args, **kwargs))

    return method


def async_iterating(
    operation: Callable[Concatenate[Policy, P], Steps[None]], kind: type[T]
) -> Callable[Concatenate[_WithAsynchronous, P], AsyncIterator[T]]:
    """As `iterating`, for `async for`."""
    del kind

    @wraps(operation)
    def method(self: _WithAsynchronous, /, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
        return self.driver.iterate(operation(self.policy, *args, **kwargs))

    return method
