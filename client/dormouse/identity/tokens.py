"""An ID token for the audience, renewed before it ends. Safe for threads."""

import base64
import binascii
import threading
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec

from dormouse.errors import IdentityError

RENEW_SECONDS: Final = 300.0
"""So long before a token ends a new one is asked for: Google's own caches do likewise."""


class Credentials(Protocol):
    """A source of ID tokens. Implement it to bring your own."""

    def fetch(self, audience: str) -> str:
        """A token for the audience; may take its time. Raises `IdentityError`."""
        ...


class FixedToken:
    """A token that somebody else has fetched, from the environment for example. Never renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def fetch(self, audience: str) -> str:
        """The same token, whatever the audience."""
        del audience
        return self._token


class Nobody:
    """Credentials of somebody who has none: `why` says what is missing and what to do."""

    def __init__(self, why: str) -> None:
        self._why = why

    def fetch(self, audience: str) -> str:
        """Raises `IdentityError`."""
        del audience
        raise IdentityError(self._why)


class Tokens:
    """The current token of some credentials, for one audience."""

    def __init__(
        self, credentials: Credentials, audience: str, now: Callable[[], float] = time.time
    ) -> None:
        self.credentials = credentials
        self.audience = audience
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def current(self) -> str | None:
        """The token, if it is good for some time yet. Never waits."""
        return self._token if self._now() < self._ends - RENEW_SECONDS else None

    def get(self) -> str:
        """A token that is good for some time yet. May wait. Raises `IdentityError`.

        One that still holds is used on if no new one can be had.
        """
        with self._lock:
            if (token := self.current()) is not None:
                return token
            try:
                fresh = self.credentials.fetch(self.audience)
            except IdentityError:
                if self._now() < self._ends:
                    return self._token
                raise
            # What ends sooner than it can be renewed is used once, and fetched again.
            self._token, self._ends = fresh, expiry_of(fresh)
            return fresh

    def forget(self) -> None:
        """The next token is a new one. Never waits."""
        self._ends = 0.0


def claims_of(token: str) -> dict[str, Any]:
    """The token's claims, unverified. Raises `IdentityError` for anything but a JWT."""
    try:
        part = token.split(".")[1]
        text = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        claims: dict[str, Any] = msgspec.json.decode(text, type=dict[str, Any])
    except (IndexError, binascii.Error, msgspec.DecodeError, ValueError) as error:
        raise IdentityError(
            "What was given in place of an identity token is none: it must be a JWT, as"
            " `gcloud auth print-identity-token` prints."
        ) from error
    return claims


def expiry_of(token: str) -> float:
    """In seconds since 1970. Raises `IdentityError`."""
    ends = claims_of(token).get("exp")
    return float(ends) if isinstance(ends, int | float) else 0.0
