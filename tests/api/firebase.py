"""A project's Firebase, with keys of its own."""

from datetime import UTC, datetime, timedelta
from typing import Any

from identity.certificates import Certificates, Fetched
from identity.firebase import FirebaseVerifier, issuer_of
from tests.identity.forging import Key, token

PROJECT = "our-app"


class Firebase:
    """Signs tokens for the users of `PROJECT`."""

    def __init__(self) -> None:
        self._key = Key.rsa()
        fetched = Fetched(by_key_id={"f": self._key.certificate}, max_age=timedelta(hours=1))
        self.verifier = FirebaseVerifier(
            PROJECT,
            Certificates("https://firebase.test", lambda: datetime.now(UTC), lambda _: fetched),
        )

    def token(self, uid: str, **changed: Any) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {"aud": PROJECT, "iat": now, "exp": now + 3600} | claims_of(uid) | changed
        return token({"alg": "RS256", "kid": "f"}, claims, self._key.sign)


def claims_of(uid: str) -> dict[str, Any]:
    """What is Firebase's own in the claims of a token."""
    return {
        "iss": issuer_of(PROJECT),
        "sub": uid,
        "user_id": uid,
        "auth_time": 1,
        "email": f"{uid}@example.com".lower(),
        "email_verified": True,
        "firebase": {"sign_in_provider": "password"},
    }
