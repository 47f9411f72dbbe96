"""Where a token stands in a request. RFC 6750, section 2.1."""

import re
from typing import Final

from identity.errors import Unauthenticated

_BEARER: Final = re.compile(r"Bearer +(\S+)", re.IGNORECASE)


def bearer_token(header: str | None) -> str:
    """The token of an `Authorization` header. Raises `Unauthenticated`."""
    found = _BEARER.fullmatch(header or "")
    if not found:
        raise Unauthenticated
    return found[1]
