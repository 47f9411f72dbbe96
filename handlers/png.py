"""PNG files without what only hinders: damaged, oversized and needless metadata. Pure.

Decoders refuse a whole picture for one wrong checksum in a comment. What is needed to show the
picture stays, so if that is damaged, the picture is refused as before.
https://www.w3.org/TR/png-3/
"""

import struct
import zlib
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_PROFILE_BYTES: Final = 1_000_000
"""Of a colour profile, unpacked. Profiles of printers have half of it."""
_USED: Final = frozenset({b"tRNS", b"iCCP", b"eXIf", b"gAMA", b"cHRM", b"sRGB"})
_HEAD: Final = struct.Struct(">I4s")
_CHECKSUM_BYTES: Final = 4
_DEPTH_AT: Final = 24


def without_hindrance(data: bytes) -> bytes:
    """The PNG with its picture, and what else of it is used and whole; other bytes as they are.

    Raises `ValueError` for a damaged or unfinished chunk of the picture itself.
    """
    if not data.startswith(SIGNATURE):
        return data
    kept = [SIGNATURE]
    at = len(SIGNATURE)
    while at + _HEAD.size <= len(data):
        length, kind = _HEAD.unpack_from(data, at)
        end = at + _HEAD.size + length + _CHECKSUM_BYTES
        chunk = data[at:end]
        is_whole = _is_whole(chunk)
        if _is_critical(kind):
            if not is_whole:
                raise ValueError(f"the chunk {kind!r} is damaged")
            kept.append(chunk)
        elif is_whole and kind in _USED and (kind != b"iCCP" or _is_profile(chunk)):
            kept.append(chunk)
        if kind == b"IEND":
            return b"".join(kept)
        at = end
    raise ValueError("it has no end")


def bit_depth(data: bytes) -> int:
    """How many bits a sample of the PNG has."""
    return data[_DEPTH_AT]


def _is_critical(kind: bytes) -> bool:
    return not kind[0] & 0x20


def _is_whole(chunk: bytes) -> bool:
    body, checksum = chunk[4:-_CHECKSUM_BYTES], chunk[-_CHECKSUM_BYTES:]
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "big") == checksum


def _is_profile(chunk: bytes) -> bool:
    _, _, rest = chunk[_HEAD.size : -_CHECKSUM_BYTES].partition(b"\0")
    if not rest.startswith(b"\0"):
        return False
    try:
        unpacked = zlib.decompressobj().decompress(rest[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return False
    return len(unpacked) <= MAX_PROFILE_BYTES
