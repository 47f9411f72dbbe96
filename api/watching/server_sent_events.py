"""Server-sent events on the wire.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from typing import Any, Final

import msgspec

MEDIA_TYPE: Final = "text/event-stream"


def event(name: str, data: Any, event_id: str) -> bytes:
    """One event; its data is JSON, and so on one line."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        event_id.encode(),
        name.encode(),
        msgspec.json.encode(data),
    )


HEARTBEAT: Final = b":\n"
"""A comment, which clients pass over. It keeps the connection, and finds out who has gone.

An empty line behind it would be no event either, but some clients make one of it.
"""


def retry(milliseconds: int) -> bytes:
    """How long a client is to wait before it connects again. Part of the event that follows."""
    return f"retry: {milliseconds}\n".encode()
