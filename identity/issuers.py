"""Everyone whose tokens the API takes, each with its own keys and its own audience."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from identity.claims import decoded_claims, unsigned_claims
from identity.errors import Unauthenticated
from identity.firebase import FirebaseUser, FirebaseVerifier
from identity.tokens import Principal, Verifier, principal_of

Identity = Principal | FirebaseUser


class Issuers:
    """Google always; Firebase where a deployment has a project of it.

    The issuer that a token names decides by whose keys it is checked, so nobody's keys are good for
    another's tokens.
    """

    def __init__(self, google: Verifier, firebase: FirebaseVerifier | None = None) -> None:
        self._google = google
        self._firebase = firebase

    def verify(self, token: str, audiences: Sequence[str]) -> Identity:
        """Whom the token names; the audiences are those of Google's tokens.

        Raises `Unauthenticated`, or `IdentityUnavailable` if the token can't be checked now.
        """
        if self._firebase and self._is_firebases(_claims_in(token)):
            return self._firebase.verify(token)
        return self._google.verify(token, audiences)

    def believe(self, encoded: str, audiences: Sequence[str], now: datetime) -> Identity:
        """Whom claims in base64url name whose signature API Gateway has checked.

        Everything but the signature is checked as in `verify`. Raises `Unauthenticated`.
        """
        if self._firebase and self._is_firebases(decoded_claims(encoded)):
            claims = unsigned_claims(encoded, [self._firebase.project], now)
            return self._firebase.user_of(claims)
        return principal_of(unsigned_claims(encoded, audiences, now))

    def _is_firebases(self, claims: Mapping[str, Any]) -> bool:
        return self._firebase is not None and claims.get("iss") == self._firebase.issuer


def _claims_in(token: str) -> Mapping[str, Any]:
    """What the token says of itself; nothing if it can't be read."""
    try:
        return decoded_claims(token.split(".", 2)[1])
    except (IndexError, Unauthenticated):
        return {}
