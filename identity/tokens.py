"""Checks a Google identity token and says who it names."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.auth import exceptions, jwt

from identity.certificates import Certificates
from identity.errors import Unauthenticated

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
CLOCK_SKEW_SECONDS = 10
MAX_TOKEN_LENGTH = 8192


_MALFORMED = (ValueError, TypeError, OverflowError, RecursionError)
"""What decoding raises for JSON that is no token's."""


@dataclass(frozen=True)
class Principal:
    """Who calls: a verified Google identity, named as IAM names its members."""

    email: str

    @property
    def member(self) -> str:
        kind = "serviceAccount" if self.email.endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{self.email}"

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]


class Verifier:
    """Accepts identity tokens that Google signed for one of the given audiences.

    Checked are signature, issuer, audience, times (with ten seconds of clock difference), and that
    the email is verified. https://cloud.google.com/docs/authentication/token-types#id
    """

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    def verify(self, token: str, audiences: Sequence[str]) -> Principal:
        """Raises `Unauthenticated`, or `IdentityUnavailable` if the token can't be checked now."""
        if not audiences:
            raise Unauthenticated("This service accepts no audience.")
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            raise Unauthenticated("The token is not an identity token.")
        claims = self._decode(token, audiences)
        if claims.get("iss") not in ISSUERS:
            raise Unauthenticated("The token was not issued by Google.")
        email = claims.get("email")
        verified = claims.get("email_verified") is True
        if not verified or not isinstance(email, str) or "@" not in email:
            raise Unauthenticated("The token names no verified email.")
        return Principal(email.lower())

    def _decode(self, token: str, audiences: Sequence[str]) -> dict[str, Any]:
        try:
            claims = jwt.decode(
                token,
                certs=self._certificates.current(_key_id(token)),
                audience=list(audiences),
                clock_skew_in_seconds=CLOCK_SKEW_SECONDS,
            )
            _check_times(claims)
        except (*_MALFORMED, exceptions.GoogleAuthError) as error:
            raise Unauthenticated(f"The token was refused: {_reason(error)}.") from error
        return dict(claims)


def _key_id(token: str) -> str:
    """Which certificate the token is to be checked with. Without one, any would do."""
    key_id = jwt.decode_header(token).get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise ValueError("the token names no certificate")
    return key_id


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
