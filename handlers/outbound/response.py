"""An answer, whose body is read as far as somebody wants it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from handlers.outbound.url import Url

CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class Response:
    """Names in `headers` are in lower case; a repeated header's values are joined by a comma.

    `url` is where the answer came from, which redirects may have changed. The body can be read
    while the call is open.
    """

    url: Url
    status: int
    headers: Mapping[str, str]
    read_decoded: Callable[[int], bytes]

    def read(self, at_most: int) -> bytes:
        """The body's next bytes, unpacked, to its end or to that many. Raises `NetworkError`."""
        parts: list[bytes] = []
        wanted = at_most
        while wanted and (part := self.read_decoded(min(wanted, CHUNK_BYTES))):
            parts.append(part)
            wanted -= len(part)
        return b"".join(parts)

    def chunks(self) -> Iterator[bytes]:
        """The body, unpacked, in pieces of at most `CHUNK_BYTES`. Raises `NetworkError`."""
        while chunk := self.read_decoded(CHUNK_BYTES):
            yield chunk
