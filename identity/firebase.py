"""Checks a token of Firebase Authentication or Identity Platform and says whom it names.

https://firebase.google.com/docs/auth/admin/verify-id-tokens
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from identity.certificates import Certificates
from identity.claims import CLOCK_SKEW_SECONDS, signed_claims
from identity.errors import Unauthenticated

CERTIFICATES: Final = (
    "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
)
MAX_UID_LENGTH: Final = 128


@dataclass(frozen=True)
class FirebaseUser:
    """Who calls: an end user of one Firebase project.

    Its name is in a namespace of its own, so it is never that of a Google identity, whatever email
    it has. A user of a tenant is named with it, as tenants give out user ids on their own.
    """

    project: str
    uid: str
    tenant: str = ""
    email: str = ""
    """A verified one, for people to read. Grants nothing: sign-in providers vouch for it."""

    @property
    def issuer(self) -> str:
        return issuer_of(self.project)

    @property
    def member(self) -> str:
        # A user id of one's own may hold anything, so what could read as a tenant's is quoted.
        parts = [quote(part, safe="@:+") for part in (self.tenant, self.uid) if part]
        return f"firebase:{'/'.join(parts)}"

    @property
    def groups(self) -> tuple[str, ...]:
        """The members of a binding that it is meant by, beside its own name."""
        return ("allFirebase",)


class FirebaseVerifier:
    """Accepts tokens that Firebase signed for the users of one project.

    Whether a user was disabled since, or its sessions revoked, is not asked: a token is good for
    its hour.
    """

    def __init__(self, project: str, certificates: Certificates) -> None:
        self.project = project
        self._certificates = certificates

    @property
    def issuer(self) -> str:
        return issuer_of(self.project)

    def verify(self, token: str) -> FirebaseUser:
        """Raises `Unauthenticated`, or `IdentityUnavailable` if the token can't be checked now."""
        return self.user_of(signed_claims(token, self._certificates, [self.project]))

    def user_of(self, claims: Mapping[str, Any]) -> FirebaseUser:
        """Whom checked claims name. Raises `Unauthenticated`."""
        if claims.get("iss") != self.issuer:
            raise Unauthenticated("The token was not issued by this project's Firebase.")
        uid: Any = claims.get("sub")
        if not _is_name(uid) or len(uid) > MAX_UID_LENGTH:
            raise Unauthenticated("The token names no user.")
        if not _is_past(claims.get("auth_time"), claims["iat"]):
            raise Unauthenticated("The token does not say when its user signed in.")
        return FirebaseUser(self.project, uid, _tenant(claims), _verified_email(claims))


def issuer_of(project: str) -> str:
    return f"https://securetoken.google.com/{project}"


def verifier_for(project: str, now: Callable[[], datetime]) -> FirebaseVerifier | None:
    """For the project of a deployment that has one."""
    return FirebaseVerifier(project, Certificates(CERTIFICATES, now)) if project else None


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and value != "" and value.isprintable()


def _is_past(auth_time: Any, issued: float) -> bool:
    is_number = isinstance(auth_time, int | float) and not isinstance(auth_time, bool)
    return is_number and bool(0 < auth_time <= issued + CLOCK_SKEW_SECONDS)


def _tenant(claims: Mapping[str, Any]) -> str:
    """Raises `Unauthenticated` for one that can't be told apart from none."""
    about = claims.get("firebase", {})
    if not isinstance(about, dict):
        raise Unauthenticated("The token was refused: it is malformed.")
    if "tenant" not in about:
        return ""
    if not _is_name(about["tenant"]):
        raise Unauthenticated("The token was refused: it is malformed.")
    return str(about["tenant"])


def _verified_email(claims: Mapping[str, Any]) -> str:
    email = claims.get("email")
    is_verified = claims.get("email_verified") is True and _is_name(email)
    return str(email).lower() if is_verified else ""
