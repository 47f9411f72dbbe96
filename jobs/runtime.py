"""What a service asks of the machine it runs on: the time, chance, waiting, and threads.

Everything else in `jobs`, `api` and `worker` gets these from here, so that a simulation can run the
same code in virtual time, in an order of its own choosing.
"""

import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Lock(AbstractContextManager[Any], Protocol):
    """As `threading.Lock`."""

    def acquire(self, blocking: bool = True) -> bool: ...
    def release(self) -> None: ...


class Semaphore(AbstractContextManager[Any], Protocol):
    """So many places, each for whoever acquires it first."""

    def acquire(self, *, timeout: float | None = None) -> bool:
        """Whether a place came free within so many seconds."""
        ...

    def release(self) -> None: ...


class Condition(AbstractContextManager[Any], Protocol):
    """A lock whose holders can wait for one another. As `threading.Condition`."""

    def acquire(self) -> bool: ...
    def release(self) -> None: ...
    def wait(self, timeout: float | None = None) -> bool: ...
    def notify_all(self) -> None: ...


class Map(Protocol):
    """Does the same to several things at a time."""

    def __call__(self, do: Callable[[T], R], items: Iterable[T], at_once: int, /) -> Iterator[R]:
        """The results in the order of the items, of which so many are at work at a time.

        The first error is raised in its turn. What had begun by then is finished first; what had
        not is left undone.
        """
        ...


def _now() -> datetime:
    return datetime.now(UTC)


def _boot_time() -> float:
    # What `monotonic` reads on Linux stands still while the machine is suspended.
    return time.clock_gettime(_BOOT_CLOCK)


_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def _map_in_threads(do: Callable[[T], R], items: Iterable[T], at_once: int, /) -> Iterator[R]:
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(do, items)


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The real machine, unless told otherwise."""

    now: Callable[[], datetime] = _now
    """The time of day in UTC. May be set back or forth, and differs between machines."""
    boot_time: Callable[[], float] = _boot_time
    """Seconds since the machine started, asleep or awake. Never goes back."""
    sleep: Callable[[float], None] = time.sleep
    lock: Callable[[], Lock] = threading.Lock
    semaphore: Callable[[int], Semaphore] = threading.Semaphore
    condition: Callable[[], Condition] = threading.Condition
    map: Map = _map_in_threads
    random_bytes: Callable[[int], bytes] = secrets.token_bytes
    """So many bytes that nobody can guess."""
    uniform: Callable[[float, float], float] = random.SystemRandom().uniform

    def new_id(self) -> str:
        """32 hexadecimal digits that nobody can guess."""
        return self.random_bytes(16).hex()


MACHINE = Runtime()
"""The machine as it is."""
