"""Counts what the peers send to Redis, as Redis tells who asks it to.

https://redis.io/docs/latest/commands/monitor/
"""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from local.ports import LOOPBACK

_LINE = re.compile(rb"\+[\d.]+ \[\d+ (\S+)\] (.*)")
_SCRIPT = b"lua"
"""In the address's place, for what a script on the server does by itself."""


class Observer(Protocol):
    """Who looks at Redis meanwhile, over one connection."""

    @property
    def address(self) -> str: ...


@dataclass
class Sent:
    """What clients sent, of all jobs together. Bytes are those of commands and arguments."""

    commands: int = 0
    size: int = 0

    def note(self, line: bytes, *, own: str) -> None:
        """Take in a line of MONITOR's. What `own` sent is the measuring's, and does not count."""
        found = _LINE.match(line.rstrip())
        if found and found[1] not in (_SCRIPT, own.encode()):
            self.commands += 1
            self.size += len(found[2])


@contextmanager
def counting_commands(port: int, observer: Observer) -> Iterator[Sent]:
    """Count within the block what others than the observer send."""
    sent, own = Sent(), observer.address
    with socket.create_connection((LOOPBACK, port)) as connection:
        connection.sendall(b"MONITOR\r\n")
        lines = connection.makefile("rb")
        lines.readline()  # +OK: from here on

        def listen() -> None:
            for line in lines:
                sent.note(line, own=own)

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            yield sent
        finally:
            connection.shutdown(socket.SHUT_RDWR)
            listener.join()
