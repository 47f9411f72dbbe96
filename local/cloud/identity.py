"""Issues identity tokens as Google does, signed with a key of its own that lives in memory."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import crypt, jwt

ISSUER = "https://accounts.google.com"
TOKEN_LIFETIME = timedelta(hours=1)
CERTIFICATE_LIFETIME = timedelta(days=16)
CERTIFICATES_MAX_AGE = timedelta(hours=1)
_NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dormouse-local-cloud")])


class Issuer:
    """One signing key. A token of an earlier run of the local cloud is worth nothing."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = _self_signed(key, now())
        self.key_id = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303 - only a name, as Google's
        self.certificates: Mapping[str, str] = {
            self.key_id: certificate.public_bytes(serialization.Encoding.PEM).decode()
        }
        """PEM certificates by key id, as https://www.googleapis.com/oauth2/v1/certs has them."""
        self._signer = crypt.RSASigner(key, self.key_id)

    def token(self, email: str, audience: str, **changed_claims: Any) -> str:
        """An identity token that names `email`, for `audience`, good for an hour from now.

        Its claims are those of the metadata server's tokens, and for people `hd`, as if each domain
        had a Workspace. `changed_claims` replace single ones, for tests of what must be refused.
        https://cloud.google.com/docs/authentication/token-types#id
        """
        issued = int(self._now().timestamp())
        account_number = _account_number(email)
        claims = {
            "iss": ISSUER,
            "aud": audience,
            "azp": account_number,
            "sub": account_number,
            "email": email,
            "email_verified": True,
            "iat": issued,
            "exp": issued + int(TOKEN_LIFETIME.total_seconds()),
        }
        domain = email.rpartition("@")[2]
        if not domain.endswith(".gserviceaccount.com"):
            claims["hd"] = domain
        return bytes(jwt.encode(self._signer, claims | changed_claims)).decode()


def _self_signed(key: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
    # Valid from a day ago, for clocks that differ.
    start = now - timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(_NAME)
        .issuer_name(_NAME)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + CERTIFICATE_LIFETIME)
        .sign(key, hashes.SHA256())
    )


def _account_number(email: str) -> str:
    """Twenty-one digits that stay the same for an account, as Google's do."""
    digest = int.from_bytes(hashlib.sha256(email.encode()).digest())
    return f"1{digest % 10**20:020d}"
