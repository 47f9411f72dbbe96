"""The `Idempotency-Key` header.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import re

from jobs.errors import InvalidRequest

HEADER = "Idempotency-Key"
_KEY = re.compile(r'"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255})')


def idempotency_key(given: str | None) -> str | None:
    """The caller's key, quoted as the draft has it or bare. Raises `InvalidRequest`."""
    if given is None:
        return None
    if not (found := _KEY.fullmatch(given.strip())):
        raise InvalidRequest(f"`{HEADER}` is 1 to 255 visible ASCII characters without quotes.")
    return found[1] or found[2]
