"""Server-sent events, from bytes as they come.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import msgspec

from dormouse.model import JobEvent


class EventParser:
    """Takes bytes, cut anywhere, and gives the events that are complete."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[JobEvent]:
        """The events that end in this chunk; comments are none."""
        *blocks, self._rest = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n\n")
        return [event for block in blocks if (event := _event(block)) is not None]


def _event(block: bytes) -> JobEvent | None:
    fields: dict[bytes, bytes] = {}
    for line in block.split(b"\n"):
        name, _, value = line.partition(b":")
        fields[name] = value.removeprefix(b" ")
    if b"event" not in fields or b"data" not in fields:
        return None
    return JobEvent(
        kind=fields[b"event"].decode(),
        data=msgspec.json.decode(fields[b"data"]),
        id=fields.get(b"id", b"").decode(),
    )
