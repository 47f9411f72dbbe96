"""Trace context for others (https://www.w3.org/TR/trace-context/)."""

import re
import secrets

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})")
_NO_TRACE = "0" * 32


def child_of(traceparent: str | None) -> str:
    """A `traceparent` for one call: a new span in the given trace, else in a new one, unsampled."""
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if found and found[1] != _NO_TRACE:
        trace, flags = found[1], found[2]
    else:
        trace, flags = secrets.token_hex(16), "00"
    return f"00-{trace}-{secrets.token_hex(8)}-{flags}"
