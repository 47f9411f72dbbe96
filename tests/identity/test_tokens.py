"""Identity tokens: who gets in, and that nobody else does."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.auth import _helpers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.certificates import Certificates, Fetched
from identity.claims import CLOCK_SKEW_SECONDS, MAX_TOKEN_LENGTH
from identity.errors import IdentityUnavailable, Unauthenticated
from identity.tokens import Principal, Verifier
from tests.identity.forging import Key, Sign, hmac_with, segment, token

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
AUDIENCE = "https://api.example.com"
KEY_ID = "key-1"
GOOGLE, STRANGER, CURVE = Key.rsa(), Key.rsa(), Key.ec()

HEADER: dict[str, Any] = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}
CLAIMS: dict[str, Any] = {
    "iss": "https://accounts.google.com",
    "aud": AUDIENCE,
    "azp": "123456789",
    "sub": "123456789",
    "email": "Ada@Example.com",
    "email_verified": True,
    "iat": SECONDS - 60,
    "exp": SECONDS + 3540,
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time by which tokens are checked stands still."""
    monkeypatch.setattr(_helpers, "utcnow", lambda: NOW.replace(tzinfo=None))


def _verifier(**certificates: str) -> Verifier:
    fetched = Fetched(by_key_id=certificates, max_age=timedelta(hours=1))
    return Verifier(Certificates("https://certs.test", lambda: NOW, lambda _: fetched))


VERIFIER = _verifier(**{KEY_ID: GOOGLE.certificate, "curve": CURVE.certificate})


def _verify(text: str, audiences: Sequence[str] = (AUDIENCE,)) -> Principal:
    return VERIFIER.verify(text, audiences)


def _with(sign: Sign = GOOGLE.sign, header: Any = None, **claims: Any) -> str:
    return token(header or HEADER, CLAIMS | claims, sign)


def _without(*names: str) -> str:
    claims = {name: value for name, value in CLAIMS.items() if name not in names}
    return token(HEADER, claims, GOOGLE.sign)


# Who gets in


def test_a_good_token() -> None:
    """A token that Google signed for this audience names its caller."""
    assert _verify(_with()) == Principal("ada@example.com")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "accounts.google.com"},
        {"exp": SECONDS - CLOCK_SKEW_SECONDS},
        {"iat": SECONDS + CLOCK_SKEW_SECONDS},
        {"iat": SECONDS - 3600.5, "exp": SECONDS + 0.5},
        {"hd": "example.com", "nonce": None, "extra": {"deep": [1]}},
    ],
)
def test_other_good_tokens(claims: dict[str, Any]) -> None:
    """Both spellings of the issuer, ten seconds of clock difference, and more claims are fine."""
    assert _verify(_with(**claims)) == Principal("ada@example.com")


def test_one_of_several_audiences() -> None:
    """A token for any of the accepted audiences gets in."""
    assert _verify(_with(), ["https://other.example.com", AUDIENCE])


def test_an_elliptic_curve_key() -> None:
    """A key of the other kind that Google uses signs as well."""
    header = {"alg": "ES256", "kid": "curve", "typ": "JWT"}
    assert _verify(_with(CURVE.sign, header)) == Principal("ada@example.com")


def test_members() -> None:
    """A principal is named as IAM names its members."""
    person = Principal("ada@example.com")
    assert (person.member, person.domain) == ("user:ada@example.com", "example.com")
    robot = Principal("push@p.iam.gserviceaccount.com")
    assert robot.member == "serviceAccount:push@p.iam.gserviceaccount.com"
    assert robot.domain == "p.iam.gserviceaccount.com"
    # Only Google gives out such domains; one that looks alike is a person's.
    assert Principal("x@gserviceaccount.com.evil.example").member.startswith("user:")
    assert Principal("x@evilgserviceaccount.com").member.startswith("user:")


# Who does not

FORGED = {
    "alg none, no signature": token(HEADER | {"alg": "none"}, CLAIMS, lambda _: b""),
    "alg None": token(HEADER | {"alg": "None"}, CLAIMS, lambda _: b""),
    "alg null": token(HEADER | {"alg": None}, CLAIMS, GOOGLE.sign),
    "alg a list": token(HEADER | {"alg": ["RS256"]}, CLAIMS, GOOGLE.sign),
    "alg an object": token(HEADER | {"alg": {}}, CLAIMS, GOOGLE.sign),
    "alg missing": token({"kid": KEY_ID}, CLAIMS, GOOGLE.sign),
    "alg unknown": token(HEADER | {"alg": "RS1"}, CLAIMS, GOOGLE.sign),
    "alg ES256 over an RSA key": token(HEADER | {"alg": "ES256"}, CLAIMS, GOOGLE.sign),
    "alg RS256 over a curve's key": token(HEADER | {"kid": "curve"}, CLAIMS, CURVE.sign),
    "HS256 with the certificate as secret": token(
        HEADER | {"alg": "HS256"}, CLAIMS, hmac_with(GOOGLE.certificate)
    ),
    "RS256 with the certificate as secret": token(HEADER, CLAIMS, hmac_with(GOOGLE.certificate)),
    "another's key": _with(STRANGER.sign),
    "another's key, and its certificate along": token(
        HEADER | {"jwk": {}, "x5c": [STRANGER.certificate], "x5u": "https://evil.example"},
        CLAIMS,
        STRANGER.sign,
    ),
    "no signature": _with(lambda _: b""),
    "half a signature": _with(lambda data: GOOGLE.sign(data)[:128]),
    "a signature of zeros": _with(lambda _: bytes(256)),
    "a curve's signature of zeros": _with(lambda _: bytes(64), {"alg": "ES256", "kid": "curve"}),
    "other claims under the signature": ".".join(
        [segment(HEADER), segment(CLAIMS | {"email": "root@example.com"}), _with().split(".")[2]]
    ),
    "kid unknown": token(HEADER | {"kid": "key-2"}, CLAIMS, GOOGLE.sign),
    "kid missing": token({"alg": "RS256"}, CLAIMS, GOOGLE.sign),
    "kid empty": token(HEADER | {"kid": ""}, CLAIMS, GOOGLE.sign),
    "kid null": token(HEADER | {"kid": None}, CLAIMS, GOOGLE.sign),
    "kid a number": token(HEADER | {"kid": 1}, CLAIMS, GOOGLE.sign),
    "kid a list": token(HEADER | {"kid": [KEY_ID]}, CLAIMS, GOOGLE.sign),
    "kid an object": token(HEADER | {"kid": {KEY_ID: 1}}, CLAIMS, GOOGLE.sign),
    "kid a path": token(HEADER | {"kid": "../../etc/passwd"}, CLAIMS, GOOGLE.sign),
}

STALE = {
    "expired": _with(exp=SECONDS - CLOCK_SKEW_SECONDS - 1),
    "expired for years": _with(exp=0),
    "expired before the epoch": _with(exp=-1),
    "not valid yet": _with(iat=SECONDS + CLOCK_SKEW_SECONDS + 1),
    "no exp": _without("exp"),
    "no iat": _without("iat"),
    "exp a text": _with(exp=str(SECONDS + 60)),
    "exp null": _with(exp=None),
    "exp a list": _with(exp=[SECONDS + 60]),
    "exp true": _with(exp=True),
    "exp not a number": _with(exp=float("nan")),
    "exp beyond all dates": _with(exp=10**400),
    "exp infinite": _with(exp=float("inf")),
    "iat a text": _with(iat=str(SECONDS)),
    "iat an object": _with(iat={}),
    "iat infinite": _with(iat=float("inf")),
    "iat not a number": _with(iat=float("nan")),
}

MISDIRECTED = {
    "another audience": _with(aud="https://evil.example.com"),
    "the audience and more": _with(aud=AUDIENCE + "/"),
    "the audience in capitals": _with(aud=AUDIENCE.upper()),
    "a list of audiences": _with(aud=[AUDIENCE]),
    "an object of audiences": _with(aud={AUDIENCE: 1}),
    "no audience": _without("aud"),
    "audience null": _with(aud=None),
    "another issuer": _with(iss="https://accounts.example.com"),
    "an issuer that looks alike": _with(iss="https://accounts.google.com.evil.example"),
    "issuer with a slash": _with(iss="https://accounts.google.com/"),
    "issuers": _with(iss=["https://accounts.google.com"]),
    "no issuer": _without("iss"),
}

NAMELESS = {
    "no email": _without("email"),
    "email null": _with(email=None),
    "email a list": _with(email=["ada@example.com"]),
    "email a number": _with(email=7),
    "email without a domain": _with(email="ada"),
    "email empty": _with(email=""),
    "email not verified": _with(email_verified=False),
    "email verified as a text": _with(email_verified="true"),
    "email verified as a number": _with(email_verified=1),
    "nothing on verification": _without("email_verified"),
}

_GOOD = _with()
_HEADER, _PAYLOAD, _SIGNATURE = _GOOD.split(".")

MALFORMED = {
    "nothing": "",
    "a blank": " ",
    "a word": "token",
    "dots": "..",
    "one dot": ".",
    "many dots": "." * 100,
    "two parts": f"{_HEADER}.{_PAYLOAD}",
    "four parts": _GOOD + ".x",
    "five parts, as if encrypted": _GOOD + "..",
    "no header": f".{_PAYLOAD}.{_SIGNATURE}",
    "no claims": f"{_HEADER}..{_SIGNATURE}",
    "truncated": _GOOD[: len(_GOOD) // 2],
    "truncated header": _GOOD[20:],
    "too long": _GOOD + "A" * (MAX_TOKEN_LENGTH + 1 - len(_GOOD)),
    "huge": "A" * 10_000_000,
    "not ASCII": _GOOD[:-1] + "é",
    "a surrogate": _GOOD[:-1] + "\udce9",
    "a NUL": _GOOD[:-1] + "\0",
    "a line break": _GOOD.replace(".", ".\n", 1),
    "no base64": "!!!!.!!!!.!!!!",
    "base64 of odd length": "A.A.A",
    "header no JSON": f"{segment(b'{')}.{_PAYLOAD}.{_SIGNATURE}",
    "header no UTF-8": f"{segment(bytes([255, 254]))}.{_PAYLOAD}.{_SIGNATURE}",
    "header a list": token([HEADER], CLAIMS, GOOGLE.sign),
    "header a text": token("RS256", CLAIMS, GOOGLE.sign),
    "header null": token(None, CLAIMS, GOOGLE.sign),
    "claims a list": token(HEADER, [CLAIMS], GOOGLE.sign),
    "claims a text": token(HEADER, "claims", GOOGLE.sign),
    "claims null": token(HEADER, None, GOOGLE.sign),
    "claims no UTF-8": token(HEADER, b"\xff", GOOGLE.sign),
    "claims nested deep": token(HEADER, b"[" * 5000, GOOGLE.sign),
    "header nested deep": token(b'{"a":' + b"[" * 5000, {}, lambda _: b""),
    "a number too long": token(HEADER, b'{"exp":' + b"9" * 5000 + b"}", GOOGLE.sign),
    "claims with a duplicate": token(
        HEADER,
        json.dumps(CLAIMS)[:-1].encode() + b', "aud": "https://evil.example.com"}',
        GOOGLE.sign,
    ),
    "unverified by a duplicate": token(
        HEADER,
        json.dumps(CLAIMS)[:-1].encode() + b', "email_verified": false}',
        GOOGLE.sign,
    ),
    "with its scheme": f"Bearer {_GOOD}",
    "two tokens": f"{_GOOD},{_GOOD}",
}

REFUSED = FORGED | STALE | MISDIRECTED | NAMELESS | MALFORMED


@pytest.mark.parametrize("why", REFUSED)
def test_refused(why: str) -> None:
    """Whatever is wrong with a token, its bearer is a stranger: never an error of another kind."""
    with pytest.raises(Unauthenticated):
        _verify(REFUSED[why])


@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("expired", "The token was refused: it has expired."),
        ("not valid yet", "The token was refused: it is not valid yet."),
        ("another audience", "The token was refused: it was made for another audience."),
        ("another's key", "The token was refused: its signature is wrong."),
        ("kid unknown", "The token was refused: its signing key is unknown."),
        ("kid missing", "The token was refused: its signing key is unknown."),
        ("alg none, no signature", "The token was refused: its signature is wrong."),
        ("two parts", "The token was refused: it is malformed."),
        ("exp a text", "The token was refused: it is malformed."),
        ("another issuer", "The token was not issued by Google."),
        ("email not verified", "The token names no verified email."),
        ("too long", "The token is not an identity token."),
    ],
)
def test_reasons(why: str, reason: str) -> None:
    """The caller reads in our words what to mend, and nothing of the token or the library."""
    with pytest.raises(Unauthenticated) as refused:
        _verify(REFUSED[why])
    assert str(refused.value) == reason


def test_no_audience_is_no_way_in() -> None:
    """A service that accepts no audience accepts no token."""
    with pytest.raises(Unauthenticated, match="accepts no audience"):
        _verify(_GOOD, [])


def test_the_longest_token() -> None:
    """A token of the greatest length is still looked at."""
    fill = MAX_TOKEN_LENGTH - len(_with(fill=""))
    longest = _with(fill="x" * (fill * 3 // 4))
    assert MAX_TOKEN_LENGTH - 4 <= len(longest) <= MAX_TOKEN_LENGTH
    assert _verify(longest)


@pytest.mark.parametrize("certificate", ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_certificate_that_is_none(certificate: str) -> None:
    """A certificate that can't be read lets nobody in, and is no other error."""
    verifier = _verifier(**{KEY_ID: certificate})
    with pytest.raises((Unauthenticated, IdentityUnavailable)):
        verifier.verify(_GOOD, [AUDIENCE])


def test_certificates_can_t_be_had() -> None:
    """Without certificates nobody is called a stranger: the token can't be checked now."""

    def fail(_: str) -> Fetched:
        raise OSError

    verifier = Verifier(Certificates("https://certs.test", lambda: NOW, fail))
    with pytest.raises(IdentityUnavailable):
        verifier.verify(_GOOD, [AUDIENCE])


@pytest.mark.parametrize("why", MALFORMED)
def test_garbage_fetches_nothing(why: str) -> None:
    """What is no token at all makes nobody fetch certificates."""
    fetched: list[str] = []

    def fetch(url: str) -> Fetched:
        fetched.append(url)
        return Fetched(by_key_id={KEY_ID: GOOGLE.certificate}, max_age=timedelta(hours=1))

    verifier = Verifier(Certificates("https://certs.test", lambda: NOW, fetch))
    with pytest.raises(Unauthenticated):
        verifier.verify(REFUSED[why], [AUDIENCE])
    # Those that are signed are tokens.
    assert not fetched or REFUSED[why].count(".") == 2


# Anything else

_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
_QUICKLY = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _principal_or_refusal(verify: Callable[[], Principal]) -> None:
    try:
        principal = verify()
    except Unauthenticated:
        return
    assert principal.email


@_QUICKLY
@given(st.text())
def test_any_text(text: str) -> None:
    """No text whatever is let in, or raises another error."""
    with pytest.raises(Unauthenticated):
        _verify(text)


@_QUICKLY
@given(name=st.sampled_from(sorted(CLAIMS)), value=_ANYTHING)
def test_any_claim_replaced(name: str, value: Any) -> None:
    """A signed token with any claim replaced by anything names its caller or is refused."""
    _principal_or_refusal(lambda: _verify(_with(**{name: value})))


@_QUICKLY
@given(header=_ANYTHING, claims=_ANYTHING)
def test_any_token(header: Any, claims: Any) -> None:
    """A token of any JSON is refused, though it is signed."""
    with pytest.raises(Unauthenticated):
        _verify(token(header, claims, GOOGLE.sign))


@_QUICKLY
@given(name=st.sampled_from(sorted(HEADER)), value=_ANYTHING)
def test_any_header_replaced(name: str, value: Any) -> None:
    """A signed token with any part of its header replaced names its caller or is refused."""
    header = HEADER | {name: value}
    _principal_or_refusal(lambda: _verify(token(header, CLAIMS, GOOGLE.sign)))
