"""Checks a Google identity token and says who it names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from identity.certificates import Certificates
from identity.claims import signed_claims
from identity.errors import Unauthenticated

ISSUERS: Final = ("https://accounts.google.com", "accounts.google.com")


@dataclass(frozen=True)
class Principal:
    """Who calls: a verified Google identity, named as IAM names its members."""

    email: str
    domain: str = ""
    """The Workspace or Cloud Identity domain that the account belongs to; none for other accounts,
    whatever their email is. https://developers.google.com/identity/openid-connect/openid-connect
    """

    @property
    def issuer(self) -> str:
        return ISSUERS[0]

    @property
    def member(self) -> str:
        kind = "serviceAccount" if self.email.endswith(".gserviceaccount.com") else "user"
        return f"{kind}:{self.email}"

    @property
    def groups(self) -> tuple[str, ...]:
        """The members of a binding that it is meant by, beside its own name."""
        of_domain = (f"domain:{self.domain}",) if self.domain else ()
        return (*of_domain, "allAuthenticated")


class Verifier:
    """Accepts identity tokens that Google signed for one of the given audiences.

    Checked are signature, issuer, audience, times (with ten seconds of clock difference), and that
    the email is verified. https://cloud.google.com/docs/authentication/token-types#id
    """

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    def verify(self, token: str, audiences: Sequence[str]) -> Principal:
        """Raises `Unauthenticated`, or `IdentityUnavailable` if the token can't be checked now."""
        return principal_of(signed_claims(token, self._certificates, audiences))


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Whom the claims of a Google identity token name. Raises `Unauthenticated`."""
    if claims.get("iss") not in ISSUERS:
        raise Unauthenticated("The token was not issued by Google.")
    email = claims.get("email")
    verified = claims.get("email_verified") is True
    if not verified or not isinstance(email, str) or "@" not in email:
        raise Unauthenticated("The token names no verified email.")
    domain = claims.get("hd")
    return Principal(email.lower(), domain.lower() if isinstance(domain, str) else "")
