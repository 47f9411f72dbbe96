"""Page tokens: where a list goes on.

https://google.aip.dev/158
"""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Protocol

import msgspec
from msgspec import Meta

from jobs.errors import InvalidPageToken
from jobs.job.store import Cursor

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_END_OF_TIME: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


class _Token(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    # Bounded, as a caller may have made it up, and the store takes what this lets through.
    created_at: Annotated[int, Meta(ge=0, le=_END_OF_TIME)]
    id: Annotated[str, Meta(pattern=r"^[0-9a-z]{1,64}$(?!\n)")]
    filters: str


class Listed(Protocol):
    """What a list that is newest first is made of."""

    @property
    def id(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


def next_page_token(
    page: Sequence[Listed], page_size: int, where: Any, *, is_cut: bool = False
) -> str:
    """A token for what comes after this page, or "" if it is not full and did not end early."""
    if len(page) < page_size and not is_cut:
        return ""
    last = page[-1]
    token = _Token((last.created_at - _EPOCH) // _MICROSECOND, last.id, _digest(where))
    return urlsafe_b64encode(msgspec.json.encode(token)).decode().rstrip("=")


def cursor_of(page_token: str, where: Any) -> Cursor | None:
    """Where the page starts. Raises `InvalidPageToken`, also for a token of other filters."""
    if not page_token:
        return None
    try:
        padded = page_token + "=" * (-len(page_token) % 4)
        token = msgspec.json.decode(urlsafe_b64decode(padded), type=_Token)
    except (ValueError, RecursionError) as error:
        raise InvalidPageToken from error
    if token.filters != _digest(where):
        raise InvalidPageToken
    return Cursor(created_at=_EPOCH + token.created_at * _MICROSECOND, id=token.id)


def _digest(where: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(where)).hexdigest()[:12]
