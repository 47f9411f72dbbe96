"""Unpacks gzip (RFC 1952) piece by piece, and knows whether it came whole."""

import zlib
from collections.abc import Callable
from typing import Final, TypeAlias

from handlers.outbound.errors import NetworkError

_GZIP: Final = frozenset({"gzip", "x-gzip"})
_NONE: Final = frozenset({"", "identity"})
_MOST_LAYERS: Final = 5
_WINDOW_AND_GZIP: Final = 16 + zlib.MAX_WBITS
_PIECE: Final = 16 * 1024


Read: TypeAlias = Callable[[int], bytes]
"""Reads at most so many bytes; none at the end."""


def unpacked(read: Read, codings: str, host: str, *, may_be_empty: bool) -> tuple[Read, str]:
    """What `Content-Encoding` says was packed, unpacked; and the codings that we can't unpack.

    Codings are named in the order in which they were applied (RFC 9110, 8.4).
    """
    names = [name.strip().lower() for name in codings.split(",")]
    packed = [name for name in names if name not in _NONE]
    if len(packed) > _MOST_LAYERS:
        raise NetworkError(f"{host} sent a body that is packed {len(packed)} times.")
    while packed and packed[-1] in _GZIP:
        packed.pop()
        read = Unpacker(read, host, may_be_empty=may_be_empty).read
    return read, ", ".join(packed)


class Unpacker:
    """Reads at most so many unpacked bytes at a time from a packed source.

    Raises `NetworkError` for what is not gzip and for what breaks off: half a table is a wrong one.
    """

    def __init__(self, read: Read, host: str, *, may_be_empty: bool) -> None:
        self._read = read
        self._host = host
        self._packed = b""
        self._member = zlib.decompressobj(_WINDOW_AND_GZIP)
        self._has_begun = not may_be_empty

    def read(self, at_most: int) -> bytes:
        while True:
            if self._member.eof:
                # One file may follow another (RFC 1952, 2.2).
                self._packed = self._member.unused_data or self._packed
                self._member = zlib.decompressobj(_WINDOW_AND_GZIP)
                self._has_begun = False
            packed = self._packed or self._read(_PIECE)
            if not packed:
                if self._has_begun:
                    raise NetworkError(f"{self._host} broke off within a packed body.")
                return b""
            self._has_begun = True
            try:
                data = self._member.decompress(packed, at_most)
            except zlib.error as error:
                raise NetworkError(f"{self._host} sent a body that is not gzip.") from error
            self._packed = self._member.unconsumed_tail
            if data:
                return data
