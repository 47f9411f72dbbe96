"""Trace context for others (https://www.w3.org/TR/trace-context/)."""

import re
import secrets

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_TRACE = "0" * 32


def passed_on(traceparent: str | None) -> str:
    """The attempt's own `traceparent`, else the start of a new trace, unsampled.

    A call gets no span of its own: nobody would send that one, and the other side's would hang
    below a span that is missing.
    """
    found = _TRACEPARENT.fullmatch(traceparent or "")
    if traceparent and found and found[1] != _NO_TRACE:
        return traceparent
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00"
