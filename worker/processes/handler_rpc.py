"""The line from a handler's process back to the worker, which alone speaks to the store.

A server of the standard library's `multiprocessing.managers`, on a socket that only this user can
open, with a key that only the handlers' processes get.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from multiprocessing.managers import BaseManager
from typing import Any

from jobs.context import Cancelled, Link
from jobs.job.model import Progress

_EXPOSED = ("report", "check", "remember", "say")


@dataclass(frozen=True)
class Address:
    """Where the worker listens, and the key to it."""

    socket: str
    key: bytes


class LinkServer:
    """The worker's end: finds the link of a running attempt for the process that runs it."""

    def __init__(self) -> None:
        self._links: dict[str, Link] = {}
        manager: Any = type("Links", (BaseManager,), {})
        manager.register("find", callable=self._find, exposed=_EXPOSED)
        key = secrets.token_bytes(32)
        server = manager(authkey=key).get_server()
        self.address = Address(str(server.address), key)
        threading.Thread(target=server.serve_forever, name="line", daemon=True).start()

    @contextmanager
    def connecting(self, link: Link) -> Iterator[str]:
        """The name under which a handler finds its link meanwhile."""
        name = secrets.token_hex(8)
        self._links[name] = link
        try:
            yield name
        finally:
            del self._links[name]

    def _find(self, name: str) -> Link:
        try:
            return self._links[name]
        except KeyError:
            raise Cancelled("The job is not this attempt's any more.") from None


class LinkClient:
    """The handler's end: a `Link`. Calls the worker with the first word it has to say."""

    def __init__(self, address: Address, name: str) -> None:
        self._address = address
        self._name = name

    @cached_property
    def _link(self) -> Any:
        manager: Any = type("Links", (BaseManager,), {})
        manager.register("find")
        connection = manager(address=self._address.socket, authkey=self._address.key)
        connection.connect()
        return connection.find(self._name)

    def report(self, progress: Progress) -> None:
        self._link.report(progress)

    def check(self) -> None:
        self._link.check()

    def remember(self, checkpoint: str) -> None:
        self._link.remember(checkpoint)

    def say(self, time: datetime, level: str, text: str) -> None:
        self._link.say(time, level, text)
