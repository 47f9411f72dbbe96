"""Tokens whose signature Cloud Run has checked and taken away.

https://cloud.google.com/run/docs/troubleshooting#signature-removed

Believing one is believing whoever sent it, unless Cloud Run's own check is on: the worker's doors
only, and only where a deployment says so.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from identity.claims import unsigned_claims
from identity.tokens import Principal, principal_of

MARK: Final = "SIGNATURE_REMOVED_BY_GOOGLE"
"""What stands in place of the signature."""
_STRIPPED: Final = re.compile(rf"[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)\.{MARK}")


def is_stripped(token: str) -> bool:
    return _STRIPPED.fullmatch(token) is not None


def principal_of_stripped(token: str, audiences: Sequence[str], now: datetime) -> Principal:
    """Whom the token names, with every claim checked as if it were signed.

    Raises `Unauthenticated`.
    """
    return principal_of(unsigned_claims(token.split(".")[1], audiences, now))
