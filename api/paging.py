"""Page tokens: where a list goes on.

https://google.aip.dev/158
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence

import msgspec

from jobs.errors import InvalidPageToken
from jobs.model import Job
from jobs.store import Cursor, Filter


class _Token(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    cursor: Cursor
    filters: str


def next_page_token(jobs: Sequence[Job], page_size: int, where: Filter) -> str:
    """A token for what comes after these jobs, or "" if they did not fill the page."""
    if len(jobs) < page_size:
        return ""
    last = jobs[-1]
    token = _Token(Cursor(created_at=last.created_at, id=last.id), _digest(where))
    return urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def cursor_of(page_token: str, where: Filter) -> Cursor | None:
    """Where the page starts. Raises `InvalidPageToken`, also for a token of other filters."""
    if not page_token:
        return None
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        token = msgspec.json.decode(urlsafe_b64decode(padded), type=_Token)
    except (ValueError, Base64Error, msgspec.DecodeError) as error:
        raise InvalidPageToken from error
    if token.filters != _digest(where) or token.cursor.created_at.tzinfo is None:
        raise InvalidPageToken
    return token.cursor


def _digest(where: Filter) -> str:
    return hashlib.sha256(msgspec.json.encode(where)).hexdigest()[:12]
