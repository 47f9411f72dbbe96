"""Identity tokens: who gets in, and that nobody else does."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from google.auth import _helpers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.certificates import Certificates, Fetched
from identity.claims import CLOCK_SKEW_SECONDS, MAX_TOKEN_LENGTH
from identity.errors import IdentityUnavailable, Unauthenticated
from identity.tokens import Principal, Verifier
from tests.factories import Clock
from tests.identity.forging import token
from tests.identity.strangers import (
    CURVE,
    HEADER,
    ISSUER,
    KEY_ID,
    NOW,
    SECONDS,
    STRANGER,
    VERIFIER,
    Bearer,
    verifier_of,
)

AUDIENCE = "https://api.example.com"
BEARER = Bearer("Ada@Example.com", AUDIENCE)
CLAIMS, REFUSED = BEARER.claims, BEARER.refused
OURS = Fetched(by_key_id={KEY_ID: ISSUER.certificate}, max_age=timedelta(hours=1))


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time by which tokens are checked stands still."""
    monkeypatch.setattr(_helpers, "utcnow", lambda: NOW.replace(tzinfo=None))


def _verify(text: str, audiences: Sequence[str] = (AUDIENCE,)) -> Principal:
    return VERIFIER.verify(text, audiences)


# Who gets in


def test_a_good_token() -> None:
    """A token that Google signed for this audience names its caller."""
    assert _verify(BEARER.token()) == Principal("ada@example.com")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "accounts.google.com"},
        {"exp": SECONDS - CLOCK_SKEW_SECONDS},
        {"iat": SECONDS + CLOCK_SKEW_SECONDS},
        {"iat": SECONDS - 3600.5, "exp": SECONDS + 0.5},
        {"hd": None, "nonce": None, "extra": {"deep": [1]}},
    ],
)
def test_other_good_tokens(claims: dict[str, Any]) -> None:
    """Both spellings of the issuer, ten seconds of clock difference, and more claims are fine."""
    assert _verify(BEARER.token(**claims)) == Principal("ada@example.com")


@pytest.mark.parametrize(
    ("claims", "domain"),
    [
        ({"hd": "example.com"}, "example.com"),
        ({"hd": "Example.COM"}, "example.com"),
        # The account's organisation counts, also where its email is of another domain of it.
        ({"hd": "group.example"}, "group.example"),
        ({}, ""),
        ({"hd": None}, ""),
        ({"hd": ["example.com"]}, ""),
        ({"hd": ""}, ""),
    ],
)
def test_whose_domain_it_is(claims: dict[str, Any], domain: str) -> None:
    """The claim `hd` says which domain an account belongs to; its email says nothing of it."""
    assert _verify(BEARER.token(**claims)) == Principal("ada@example.com", domain)


def test_one_of_several_audiences() -> None:
    """A token for any of the accepted audiences gets in."""
    assert _verify(BEARER.token(), ["https://other.example.com", AUDIENCE])


def test_an_elliptic_curve_key() -> None:
    """A key of the other kind that Google uses signs as well."""
    header = {"alg": "ES256", "kid": "curve", "typ": "JWT"}
    assert _verify(BEARER.token(CURVE.sign, header)) == Principal("ada@example.com")


def test_members() -> None:
    """A principal is named as IAM names its members."""
    person = Principal("ada@example.com")
    assert person.member == "user:ada@example.com"
    robot = Principal("push@p.iam.gserviceaccount.com")
    assert robot.member == "serviceAccount:push@p.iam.gserviceaccount.com"
    # Only Google gives out such domains; one that looks alike is a person's.
    assert Principal("x@gserviceaccount.com.evil.example").member.startswith("user:")
    assert Principal("x@evilgserviceaccount.com").member.startswith("user:")


# Who does not


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
        _verify(BEARER.token(), [])


def test_the_longest_token() -> None:
    """A token of the greatest length is still looked at."""
    fill = MAX_TOKEN_LENGTH - len(BEARER.token(fill=""))
    longest = BEARER.token(fill="x" * (fill * 3 // 4))
    assert MAX_TOKEN_LENGTH - 4 <= len(longest) <= MAX_TOKEN_LENGTH
    assert _verify(longest)


@pytest.mark.parametrize("certificate", ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_certificate_that_is_none(certificate: str) -> None:
    """A certificate that can't be read lets nobody in, and is no other error."""
    verifier = verifier_of(**{KEY_ID: certificate})
    with pytest.raises((Unauthenticated, IdentityUnavailable)):
        verifier.verify(BEARER.token(), [AUDIENCE])


def test_certificates_can_t_be_had() -> None:
    """Without certificates nobody is called a stranger: the token can't be checked now."""

    def fail(_: str) -> Fetched:
        raise OSError

    verifier = Verifier(Certificates("https://certs.test", lambda: NOW, fail))
    with pytest.raises(IdentityUnavailable):
        verifier.verify(BEARER.token(), [AUDIENCE])


@pytest.mark.parametrize("why", BEARER.malformed)
def test_garbage_fetches_nothing(why: str) -> None:
    """What is no token at all makes nobody fetch certificates."""
    fetched: list[str] = []

    def fetch(url: str) -> Fetched:
        fetched.append(url)
        return Fetched(by_key_id={KEY_ID: ISSUER.certificate}, max_age=timedelta(hours=1))

    verifier = Verifier(Certificates("https://certs.test", lambda: NOW, fetch))
    with pytest.raises(Unauthenticated):
        verifier.verify(REFUSED[why], [AUDIENCE])
    # Those that are signed are tokens.
    assert not fetched or REFUSED[why].count(".") == 2


# The second time


def test_a_token_that_was_good_expires() -> None:
    """A token that was checked before is refused once its time is over."""
    clock = Clock(NOW)
    verifier = Verifier(Certificates("https://certs.test", clock, lambda _: OURS))
    text = BEARER.token(exp=SECONDS + 600)
    assert verifier.verify(text, [AUDIENCE])
    clock.sleep(600 + CLOCK_SKEW_SECONDS)
    assert verifier.verify(text, [AUDIENCE])
    clock.sleep(1)
    with pytest.raises(Unauthenticated, match="expired"):
        verifier.verify(text, [AUDIENCE])


def test_a_withdrawn_key_is_good_for_nothing() -> None:
    """A token that was checked before is refused once its key is published no more."""
    clock = Clock(NOW)
    published = [
        Fetched(by_key_id={"key-2": STRANGER.certificate}, max_age=timedelta(hours=1)),
        Fetched(by_key_id={KEY_ID: STRANGER.certificate}, max_age=timedelta(hours=1)),
        OURS,
    ]
    verifier = Verifier(Certificates("https://certs.test", clock, lambda _: published.pop()))
    text = BEARER.token(exp=SECONDS + 86_400)
    assert verifier.verify(text, [AUDIENCE])
    for why in ("signature", "key is unknown"):
        clock.sleep(3600)
        with pytest.raises(Unauthenticated, match=why):
            verifier.verify(text, [AUDIENCE])


def test_a_checked_token_is_for_its_audience_only() -> None:
    """A token that one audience took before is refused by another."""
    assert _verify(BEARER.token())
    for audiences in (["https://other.example.com"], [f"{AUDIENCE}/"]):
        with pytest.raises(Unauthenticated, match="audience"):
            _verify(BEARER.token(), audiences)


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
    _principal_or_refusal(lambda: _verify(BEARER.token(**{name: value})))


@_QUICKLY
@given(header=_ANYTHING, claims=_ANYTHING)
def test_any_token(header: Any, claims: Any) -> None:
    """A token of any JSON is refused, though it is signed."""
    with pytest.raises(Unauthenticated):
        _verify(token(header, claims, ISSUER.sign))


@_QUICKLY
@given(name=st.sampled_from(sorted(HEADER)), value=_ANYTHING)
def test_any_header_replaced(name: str, value: Any) -> None:
    """A signed token with any part of its header replaced names its caller or is refused."""
    header = HEADER | {name: value}
    _principal_or_refusal(lambda: _verify(token(header, CLAIMS, ISSUER.sign)))
