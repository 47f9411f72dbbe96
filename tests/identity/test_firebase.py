"""Tokens of Firebase: whose they are, and that nobody else's pass for them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.auth import _helpers

from identity.certificates import Certificates, Fetched
from identity.claims import CLOCK_SKEW_SECONDS
from identity.errors import Unauthenticated
from identity.firebase import CERTIFICATES, FirebaseUser, FirebaseVerifier, verifier_for
from identity.issuers import Identity, Issuers
from identity.tokens import Principal, Verifier
from tests.identity.forging import Key, Sign, hmac_with, token

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
AUDIENCE = "https://api.example.com"
PROJECT = "our-app"
GOOGLE, FIREBASE, STRANGER = Key.rsa(), Key.rsa(), Key.rsa()
TIMES = {"iat": SECONDS - 60, "exp": SECONDS + 3540}
GOOGLES: dict[str, Any] = TIMES | {
    "iss": "https://accounts.google.com",
    "aud": AUDIENCE,
    "sub": "123",
    "email": "ada@example.com",
    "email_verified": True,
}
FIREBASES: dict[str, Any] = TIMES | {
    "iss": f"https://securetoken.google.com/{PROJECT}",
    "aud": PROJECT,
    "sub": "aB3",
    "user_id": "aB3",
    "auth_time": SECONDS - 600,
    "email": "Eve@Example.com",
    "email_verified": True,
    "firebase": {"identities": {}, "sign_in_provider": "password"},
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time by which tokens are checked stands still."""
    monkeypatch.setattr(_helpers, "utcnow", lambda: NOW.replace(tzinfo=None))


def _certificates(**by_key_id: str) -> Certificates:
    fetched = Fetched(by_key_id=by_key_id, max_age=timedelta(hours=1))
    return Certificates("https://certs.test", lambda: NOW, lambda _: fetched)


GOOGLE_ONLY = Verifier(_certificates(google=GOOGLE.certificate, same=GOOGLE.certificate))
ISSUERS = Issuers(
    GOOGLE_ONLY,
    FirebaseVerifier(
        PROJECT, _certificates(firebase=FIREBASE.certificate, same=FIREBASE.certificate)
    ),
)


def _token(
    claims: dict[str, Any], sign: Sign = FIREBASE.sign, kid: str = "firebase", alg: str = "RS256"
) -> str:
    return token({"alg": alg, "kid": kid, "typ": "JWT"}, claims, sign)


def _verify(text: str) -> Identity:
    return ISSUERS.verify(text, [AUDIENCE])


def _user(**claims: Any) -> Identity:
    return _verify(_token(FIREBASES | claims))


def test_a_good_token() -> None:
    """A token of the project's Firebase names its user."""
    assert _user() == FirebaseUser(PROJECT, "aB3", email="eve@example.com")
    assert _user().member == "firebase:aB3"
    assert _user().issuer == FIREBASES["iss"]


def test_google_is_still_an_issuer() -> None:
    """Google identities come in beside Firebase's users."""
    google = _token(GOOGLES, GOOGLE.sign, "google")
    assert _verify(google) == Principal("ada@example.com")


@pytest.mark.parametrize(
    "claims",
    [
        {"email": None, "email_verified": False},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": ["eve@example.com"]},
    ],
)
def test_an_email_is_optional(claims: dict[str, Any]) -> None:
    """A user without a verified email is one all the same, without an email."""
    user = _user(**claims)
    assert (user.member, user.email) == ("firebase:aB3", "")


@pytest.mark.parametrize(
    ("claims", "member"),
    [
        ({"sub": "ada@example.com"}, "firebase:ada@example.com"),
        ({"sub": "user:ada@example.com"}, "firebase:user:ada@example.com"),
        ({"sub": "a b%/c"}, "firebase:a%20b%25%2Fc"),
        ({"sub": "é"}, "firebase:%C3%A9"),
        ({"firebase": {"tenant": "shop"}}, "firebase:shop/aB3"),
        ({"sub": "shop/aB3"}, "firebase:shop%2FaB3"),
        ({"firebase": {"tenant": "a/b"}}, "firebase:a%2Fb/aB3"),
    ],
)
def test_names(claims: dict[str, Any], member: str) -> None:
    """No user id is the name of a Google identity, nor that of a tenant's user."""
    assert _user(**claims).member == member


def _without(name: str) -> dict[str, Any]:
    return {key: value for key, value in FIREBASES.items() if key != name}


REFUSED = {
    "a key of Google's": _token(FIREBASES, GOOGLE.sign, "google"),
    "a key of Google's under the same id": _token(FIREBASES, GOOGLE.sign, "same"),
    "a stranger's key": _token(FIREBASES, STRANGER.sign),
    "Google's claims, Firebase's key": _token(GOOGLES),
    "Google's claims, Firebase's key under the same id": _token(GOOGLES, kid="same"),
    "Google's issuer": _token(FIREBASES | {"iss": GOOGLES["iss"]}),
    "Google's audience": _token(FIREBASES | {"aud": AUDIENCE}),
    "the project as Google's audience": _token(GOOGLES | {"aud": PROJECT}, GOOGLE.sign, "google"),
    "another project": _token(
        FIREBASES | {"iss": "https://securetoken.google.com/other", "aud": "other"}
    ),
    "another project's issuer": _token(FIREBASES | {"iss": "https://securetoken.google.com/other"}),
    "another project's audience": _token(FIREBASES | {"aud": "other"}),
    "an issuer with a slash": _token(FIREBASES | {"iss": FIREBASES["iss"] + "/"}),
    "issuers": _token(FIREBASES | {"iss": [FIREBASES["iss"]]}),
    "session cookie's issuer": _token(
        FIREBASES | {"iss": f"https://session.firebase.google.com/{PROJECT}"}
    ),
    "alg none": token({"alg": "none", "kid": "firebase"}, FIREBASES, lambda _: b""),
    "no signature, as the emulator": token({"alg": "none"}, FIREBASES, lambda _: b""),
    "alg ES256": _token(FIREBASES, alg="ES256"),
    "the certificate as secret": _token(FIREBASES, hmac_with(FIREBASE.certificate), alg="HS256"),
    "a removed signature": ".".join(
        [*_token(FIREBASES).split(".")[:2], "SIGNATURE_REMOVED_BY_GOOGLE"]
    ),
    "kid unknown": _token(FIREBASES, kid="other"),
    "kid missing": token({"alg": "RS256"}, FIREBASES, FIREBASE.sign),
    "expired": _token(FIREBASES | {"exp": SECONDS - CLOCK_SKEW_SECONDS - 1}),
    "not valid yet": _token(FIREBASES | {"iat": SECONDS + CLOCK_SKEW_SECONDS + 1}),
    "no exp": _token(_without("exp")),
    "no iat": _token(_without("iat")),
    "no sub": _token(_without("sub")),
    "sub empty": _token(FIREBASES | {"sub": ""}),
    "sub a number": _token(FIREBASES | {"sub": 7}),
    "sub a list": _token(FIREBASES | {"sub": ["aB3"]}),
    "sub too long": _token(FIREBASES | {"sub": "a" * 129}),
    "sub with a line feed": _token(FIREBASES | {"sub": "a\nb"}),
    "sub no Unicode": _token(FIREBASES | {"sub": "\ud800"}),
    "no auth_time": _token(_without("auth_time")),
    "auth_time to come": _token(FIREBASES | {"auth_time": SECONDS + 600}),
    "auth_time a text": _token(FIREBASES | {"auth_time": str(SECONDS)}),
    "auth_time true": _token(FIREBASES | {"auth_time": True}),
    "auth_time not a number": _token(FIREBASES | {"auth_time": float("nan")}),
    "tenant empty": _token(FIREBASES | {"firebase": {"tenant": ""}}),
    "tenant null": _token(FIREBASES | {"firebase": {"tenant": None}}),
    "tenant a list": _token(FIREBASES | {"firebase": {"tenant": ["a"]}}),
    "firebase a text": _token(FIREBASES | {"firebase": "tenant"}),
}


@pytest.mark.parametrize("why", REFUSED)
def test_refused(why: str) -> None:
    """Whatever is wrong with a token, its bearer is a stranger: never an error of another kind."""
    with pytest.raises(Unauthenticated):
        _verify(REFUSED[why])


@pytest.mark.parametrize(
    "issuer", [GOOGLES["iss"], "https://securetoken.google.com/other", None, [FIREBASES["iss"]]]
)
def test_a_verifier_looks_at_the_issuer_itself(issuer: Any) -> None:
    """Whoever asks it, a token of another issuer is refused, though its own key signed it."""
    certificates = _certificates(firebase=FIREBASE.certificate)
    with pytest.raises(Unauthenticated, match="not issued by this project's Firebase"):
        FirebaseVerifier(PROJECT, certificates).verify(_token(FIREBASES | {"iss": issuer}))


def test_without_a_project_firebase_is_nobody() -> None:
    """A deployment that names no project takes no token of Firebase."""
    assert verifier_for("", lambda: NOW) is None
    with pytest.raises(Unauthenticated):
        Issuers(GOOGLE_ONLY, None).verify(_token(FIREBASES), [AUDIENCE, PROJECT])


def test_a_project_has_firebases_certificates() -> None:
    """A deployment's verifier is for its project, by the keys that Firebase publishes."""
    made = verifier_for(PROJECT, lambda: NOW)
    assert made is not None
    assert made.project == PROJECT
    assert CERTIFICATES.endswith("/x509/securetoken@system.gserviceaccount.com")
