"""Whoever must not get in: tokens with everything that can be wrong with them, by what it is."""

import json
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from identity.certificates import Certificates, Fetched
from identity.claims import CLOCK_SKEW_SECONDS, MAX_TOKEN_LENGTH
from identity.tokens import Verifier
from tests.identity.forging import Key, Sign, hmac_with, segment, token

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
"""When the good ones among them are good. Tests stop google-auth's clock here."""
SECONDS = int(NOW.timestamp())
KEY_ID = "key-1"
ISSUER, STRANGER, CURVE = Key.rsa(), Key.rsa(), Key.ec()
HEADER: dict[str, Any] = {"alg": "RS256", "kid": KEY_ID, "typ": "JWT"}


def verifier_of(**certificates: str) -> Verifier:
    fetched = Fetched(by_key_id=certificates, max_age=timedelta(hours=1))
    return Verifier(Certificates("https://certs.test", lambda: NOW, lambda _: fetched))


VERIFIER = verifier_of(**{KEY_ID: ISSUER.certificate, "curve": CURVE.certificate})


class Bearer:
    """Tokens that name `email`, for `audience`."""

    def __init__(self, email: str, audience: str) -> None:
        self.audience = audience
        self.claims: dict[str, Any] = {
            "iss": "https://accounts.google.com",
            "aud": audience,
            "azp": "123456789",
            "sub": "123456789",
            "email": email,
            "email_verified": True,
            "iat": SECONDS - 60,
            "exp": SECONDS + 3540,
        }

    def token(self, sign: Sign = ISSUER.sign, header: Any = None, **claims: Any) -> str:
        """A good one, but for what is given."""
        return token(header or HEADER, self.claims | claims, sign)

    def without(self, *names: str) -> str:
        claims = {name: value for name, value in self.claims.items() if name not in names}
        return token(HEADER, claims, ISSUER.sign)

    @property
    def refused(self) -> dict[str, str]:
        return self.forged | self.stale | self.misdirected | self.nameless | self.malformed

    @cached_property
    def forged(self) -> dict[str, str]:
        """Made by somebody else."""
        return {
            "alg none, no signature": token(HEADER | {"alg": "none"}, self.claims, lambda _: b""),
            "alg None": token(HEADER | {"alg": "None"}, self.claims, lambda _: b""),
            "alg null": token(HEADER | {"alg": None}, self.claims, ISSUER.sign),
            "alg a list": token(HEADER | {"alg": ["RS256"]}, self.claims, ISSUER.sign),
            "alg an object": token(HEADER | {"alg": {}}, self.claims, ISSUER.sign),
            "alg missing": token({"kid": KEY_ID}, self.claims, ISSUER.sign),
            "alg unknown": token(HEADER | {"alg": "RS1"}, self.claims, ISSUER.sign),
            "alg ES256 over an RSA key": token(HEADER | {"alg": "ES256"}, self.claims, ISSUER.sign),
            "alg RS256 over a curve's key": token(
                HEADER | {"kid": "curve"}, self.claims, CURVE.sign
            ),
            "HS256 with the certificate as secret": token(
                HEADER | {"alg": "HS256"}, self.claims, hmac_with(ISSUER.certificate)
            ),
            "RS256 with the certificate as secret": token(
                HEADER, self.claims, hmac_with(ISSUER.certificate)
            ),
            "another's key": self.token(STRANGER.sign),
            "another's key, and its certificate along": token(
                HEADER | {"jwk": {}, "x5c": [STRANGER.certificate], "x5u": "https://evil.example"},
                self.claims,
                STRANGER.sign,
            ),
            "no signature": self.token(lambda _: b""),
            "half a signature": self.token(lambda data: ISSUER.sign(data)[:128]),
            "a signature of zeros": self.token(lambda _: bytes(256)),
            "a curve's signature of zeros": self.token(
                lambda _: bytes(64), {"alg": "ES256", "kid": "curve"}
            ),
            "other claims under the signature": ".".join(
                [
                    segment(HEADER),
                    segment(self.claims | {"email": "root@example.com"}),
                    self.token().split(".")[2],
                ]
            ),
            "kid unknown": token(HEADER | {"kid": "key-2"}, self.claims, ISSUER.sign),
            "kid missing": token({"alg": "RS256"}, self.claims, ISSUER.sign),
            "kid empty": token(HEADER | {"kid": ""}, self.claims, ISSUER.sign),
            "kid null": token(HEADER | {"kid": None}, self.claims, ISSUER.sign),
            "kid a number": token(HEADER | {"kid": 1}, self.claims, ISSUER.sign),
            "kid a list": token(HEADER | {"kid": [KEY_ID]}, self.claims, ISSUER.sign),
            "kid an object": token(HEADER | {"kid": {KEY_ID: 1}}, self.claims, ISSUER.sign),
            "kid a path": token(HEADER | {"kid": "../../etc/passwd"}, self.claims, ISSUER.sign),
        }

    @cached_property
    def stale(self) -> dict[str, str]:
        """Of another time."""
        return {
            "expired": self.token(exp=SECONDS - CLOCK_SKEW_SECONDS - 1),
            "expired for years": self.token(exp=0),
            "expired before the epoch": self.token(exp=-1),
            "not valid yet": self.token(iat=SECONDS + CLOCK_SKEW_SECONDS + 1),
            "no exp": self.without("exp"),
            "no iat": self.without("iat"),
            "exp a text": self.token(exp=str(SECONDS + 60)),
            "exp null": self.token(exp=None),
            "exp a list": self.token(exp=[SECONDS + 60]),
            "exp true": self.token(exp=True),
            "exp not a number": self.token(exp=float("nan")),
            "exp beyond all dates": self.token(exp=10**400),
            "exp infinite": self.token(exp=float("inf")),
            "iat a text": self.token(iat=str(SECONDS)),
            "iat an object": self.token(iat={}),
            "iat infinite": self.token(iat=float("inf")),
            "iat not a number": self.token(iat=float("nan")),
        }

    @cached_property
    def misdirected(self) -> dict[str, str]:
        """For somebody else, or from somebody else."""
        return {
            "another audience": self.token(aud="https://evil.example.com"),
            "the audience and more": self.token(aud=self.audience + "/"),
            "the audience in capitals": self.token(aud=self.audience.upper()),
            "a list of audiences": self.token(aud=[self.audience]),
            "an object of audiences": self.token(aud={self.audience: 1}),
            "no audience": self.without("aud"),
            "audience null": self.token(aud=None),
            "another issuer": self.token(iss="https://accounts.example.com"),
            "an issuer that looks alike": self.token(
                iss="https://accounts.google.com.evil.example"
            ),
            "issuer with a slash": self.token(iss="https://accounts.google.com/"),
            "issuers": self.token(iss=["https://accounts.google.com"]),
            "no issuer": self.without("iss"),
        }

    @cached_property
    def nameless(self) -> dict[str, str]:
        """Naming nobody."""
        return {
            "no email": self.without("email"),
            "email null": self.token(email=None),
            "email a list": self.token(email=["ada@example.com"]),
            "email a number": self.token(email=7),
            "email without a domain": self.token(email="ada"),
            "email empty": self.token(email=""),
            "email not verified": self.token(email_verified=False),
            "email verified as a text": self.token(email_verified="true"),
            "email verified as a number": self.token(email_verified=1),
            "nothing on verification": self.without("email_verified"),
        }

    @cached_property
    def malformed(self) -> dict[str, str]:
        """No tokens at all."""
        good = self.token()
        header, payload, signature = good.split(".")
        return {
            "nothing": "",
            "a blank": " ",
            "a word": "token",
            "dots": "..",
            "one dot": ".",
            "many dots": "." * 100,
            "two parts": f"{header}.{payload}",
            "four parts": good + ".x",
            "five parts, as if encrypted": good + "..",
            "no header": f".{payload}.{signature}",
            "no claims": f"{header}..{signature}",
            "truncated": good[: len(good) // 2],
            "truncated header": good[20:],
            "too long": good + "A" * (MAX_TOKEN_LENGTH + 1 - len(good)),
            "huge": "A" * 10_000_000,
            "not ASCII": good[:-1] + "é",
            "a surrogate": good[:-1] + "\udce9",
            "a NUL": good[:-1] + "\0",
            "a line break": good.replace(".", ".\n", 1),
            "no base64": "!!!!.!!!!.!!!!",
            "base64 of odd length": "A.A.A",
            "header no JSON": f"{segment(b'{')}.{payload}.{signature}",
            "header no UTF-8": f"{segment(bytes([255, 254]))}.{payload}.{signature}",
            "header a list": token([HEADER], self.claims, ISSUER.sign),
            "header a text": token("RS256", self.claims, ISSUER.sign),
            "header null": token(None, self.claims, ISSUER.sign),
            "claims a list": token(HEADER, [self.claims], ISSUER.sign),
            "claims a text": token(HEADER, "claims", ISSUER.sign),
            "claims null": token(HEADER, None, ISSUER.sign),
            "claims no UTF-8": token(HEADER, b"\xff", ISSUER.sign),
            "claims nested deep": token(HEADER, b"[" * 5000, ISSUER.sign),
            "header nested deep": token(b'{"a":' + b"[" * 5000, {}, lambda _: b""),
            "a number too long": token(HEADER, b'{"exp":' + b"9" * 5000 + b"}", ISSUER.sign),
            "claims with a duplicate": token(
                HEADER,
                json.dumps(self.claims)[:-1].encode() + b', "aud": "https://evil.example.com"}',
                ISSUER.sign,
            ),
            "unverified by a duplicate": token(
                HEADER,
                json.dumps(self.claims)[:-1].encode() + b', "email_verified": false}',
                ISSUER.sign,
            ),
            "with its scheme": f"Bearer {good}",
            "two tokens": f"{good},{good}",
        }
