"""W3C Trace Context: which request, through all its services, a line of log belongs to.

https://www.w3.org/TR/trace-context/
"""

import re
from collections.abc import Callable

_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")


def traceparent_from(header: str | None, random_bytes: Callable[[int], bytes]) -> str:
    """The caller's `traceparent` if it is well formed, else the start of a new trace."""
    if header and _TRACEPARENT.fullmatch(header):
        return header
    return f"00-{random_bytes(16).hex()}-{random_bytes(8).hex()}-01"


def trace_id(traceparent: str | None) -> str | None:
    found = _TRACEPARENT.fullmatch(traceparent or "")
    return found[1] if found else None
