"""What a token says, once it is known to be from its issuer, for us, and of this time."""

import math
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import msgspec
from google.auth import exceptions, jwt

from identity.certificates import Certificates
from identity.errors import Unauthenticated

CLOCK_SKEW_SECONDS: Final = 10
MAX_TOKEN_LENGTH: Final = 8192
REMEMBERED: Final = 1000
"""How many tokens a process remembers to have checked: about a kilobyte each."""

_MALFORMED = (ValueError, TypeError, OverflowError, RecursionError)
"""What decoding raises for JSON that is no token's."""
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]+={0,2}")


def signed_claims(
    token: str, certificates: Certificates, audiences: Sequence[str]
) -> dict[str, Any]:
    """The claims of a token that one of these keys signed, for one of these audiences.

    Raises `Unauthenticated`, or `IdentityUnavailable` if the token can't be checked now.
    """
    _check_form(token, audiences)
    try:
        key_id = _key_id(token)
        certificate = certificates.current(key_id).get(key_id)
        if certificate is None:
            raise Unauthenticated("The token was refused: its signing key is unknown.")
        claims = _checked(token, key_id, certificate, tuple(audiences))
    except (*_MALFORMED, exceptions.GoogleAuthError) as error:
        raise Unauthenticated(f"The token was refused: {_reason(error)}.") from error
    if certificates.now().timestamp() - CLOCK_SKEW_SECONDS > claims["exp"]:
        raise Unauthenticated("The token was refused: it has expired.")
    return dict(claims)


def unsigned_claims(encoded: str, audiences: Sequence[str], now: datetime) -> dict[str, Any]:
    """The claims, in base64url, of a token whose signature someone whom we trust has checked.

    Everything else is checked here. Raises `Unauthenticated`.
    """
    claims = decoded_claims(encoded)
    _check_form(encoded, audiences)
    try:
        _check_times(claims)
        early = now.timestamp() + CLOCK_SKEW_SECONDS < claims["iat"]
        late = now.timestamp() - CLOCK_SKEW_SECONDS > claims["exp"]
    except (*_MALFORMED, KeyError) as error:
        raise Unauthenticated("The token was refused: it is malformed.") from error
    if early or late:
        reason = "it is not valid yet" if early else "it has expired"
        raise Unauthenticated(f"The token was refused: {reason}.")
    if claims.get("aud") not in audiences:
        raise Unauthenticated("The token was refused: it was made for another audience.")
    return claims


def decoded_claims(encoded: str) -> dict[str, Any]:
    """What is written there, believed by nobody yet. Raises `Unauthenticated`."""
    try:
        if len(encoded) > MAX_TOKEN_LENGTH or not _BASE64URL.fullmatch(encoded):
            raise ValueError("no base64url")
        unpadded = encoded.rstrip("=")
        data = urlsafe_b64decode(unpadded + "=" * (-len(unpadded) % 4))
        return msgspec.json.decode(data, type=dict[str, Any])
    except (*_MALFORMED, msgspec.DecodeError) as error:
        raise Unauthenticated("The token was refused: it is malformed.") from error


def _check_form(token: str, audiences: Sequence[str]) -> None:
    if not audiences:
        raise Unauthenticated("This service accepts no audience.")
    if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
        raise Unauthenticated("The token is not an identity token.")


@lru_cache(REMEMBERED)
def _key_id(token: str) -> str:
    """Which certificate the token is to be checked with. Without one, any would do."""
    key_id = jwt.decode_header(token).get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise ValueError("the token names no certificate")
    return key_id


@lru_cache(REMEMBERED)
def _checked(
    token: str, key_id: str, certificate: str, audiences: tuple[str, ...]
) -> Mapping[str, Any]:
    """The claims of a token that this certificate's key signed, for one of these audiences.

    Callers and Pub/Sub send a token many times, and a third of the work for a request is checking
    it. What is found here stays true, except that a token expires. A refusal is not remembered.
    """
    claims = jwt.decode(
        token,
        certs={key_id: certificate},
        audience=list(audiences),
        clock_skew_in_seconds=CLOCK_SKEW_SECONDS,
    )
    _check_times(claims)
    return MappingProxyType(claims)


def _check_times(claims: Mapping[str, Any]) -> None:
    """JSON as Python reads it has infinities and what is no number, which never expire."""
    if not all(math.isfinite(claims[name]) for name in ("iat", "exp")):
        raise ValueError("a time is no number")


def _reason(error: Exception) -> str:
    """Which of the checks failed, in our words: a dependency's text never leaves the service."""
    text = str(error).lower()
    for sign, reason in (
        ("expired", "it has expired"),
        ("too early", "it is not valid yet"),
        ("audience", "it was made for another audience"),
        ("signature", "its signature is wrong"),
        ("certificate", "its signing key is unknown"),
    ):
        if sign in text:
            return reason
    return "it is malformed"
