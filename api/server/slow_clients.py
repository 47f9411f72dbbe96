"""How long the API waits for whoever sends or reads slowly."""

import errno
import socket
import time
from contextlib import suppress
from typing import Any

REQUEST_SECONDS = 30.0
"""For a request's head and body as a whole: 512 KiB at 17 KiB a second."""
ANSWER_SECONDS = 30.0
"""For each write of an answer."""
LINGER_SECONDS = 2.0
LINGER_BYTES = 64 * 1024


class PatientSocket(socket.socket):
    """A connection with an end to its patience, whatever timeout others set on it."""

    until = 0.0
    """When reading ends, on the monotonic clock. What is read later is a reset connection."""

    def recv(self, size: int, flags: int = 0, /) -> bytes:
        left = self.until - time.monotonic()
        try:
            if left > 0:
                self.settimeout(left)
                return super().recv(size, flags)
        except TimeoutError:
            pass
        raise ConnectionResetError(errno.ECONNRESET, "the client is too slow")

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        # Bounds the call as a whole, not each packet of it.
        self.settimeout(ANSWER_SECONDS)
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the client is too slow") from None

    def linger(self) -> None:
        """Let the client read the answer before the connection goes. RFC 9112, section 9.6.

        Afterwards nothing is read any more.
        """
        self.until = time.monotonic() + LINGER_SECONDS
        left = LINGER_BYTES
        with suppress(OSError):
            self.shutdown(socket.SHUT_WR)
            while left > 0 and (data := self.recv(left)):
                left -= len(data)
        self.until = 0.0
