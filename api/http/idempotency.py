"""The `Idempotency-Key` header, and the mark of an answer that repeats the key's first one.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import re
from collections.abc import Mapping
from typing import Final

from jobs.errors import InvalidRequest

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"
_KEY = re.compile(r'"([!#-\[\]-~]{1,255})"|([!#-+\--\[\]-~]{1,255})')
"""Bare, a key has no comma: on the way here two headers become one with a comma between them."""


def key_of(given: str | None) -> str | None:
    """The caller's key, quoted as the draft has it or bare. Raises `InvalidRequest`."""
    if given is None:
        return None
    if not (found := _KEY.fullmatch(given.strip())):
        raise InvalidRequest(
            f"`{HEADER}` is given once: 1 to 255 visible ASCII characters, without quotes and"
            " backslashes, and itself in quotes if it has a comma."
        )
    return found[1] or found[2]


def documented(made: str) -> Mapping[str, str]:
    """The mark as the reference describes it, for what such a request makes."""
    return {REPLAYED: f"`true` if this is the first {made} of the key given back."}


def mark(*, replayed: bool) -> Mapping[str, str]:
    """The mark as a header, where the answer is to have it."""
    return {REPLAYED: "true"} if replayed else {}
