"""The connection goes to an address that was checked; the certificate must be the name's."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from handlers import outbound
from handlers.outbound.exchange import _tls
from jobs.context import PermanentError
from tests.handlers.network import Network
from tests.handlers.recording import a_context
from tests.handlers.web import Web

PUBLIC = "93.184.215.14"
Serve = Callable[[str], ssl.SSLContext]


def signed(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.now(UTC)
    is_authority = name == issuer
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        .add_extension(_usage(signs=is_authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False
        )
        .sign(by, SHA256())
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    """Python 3.13 and later refuse an authority that does not say that it is one."""
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


@pytest.fixture
def serve_as(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Makes a server's TLS for a name, signed by an authority that the system trusts."""
    authority = ec.generate_private_key(ec.SECP256R1())
    trusted = tmp_path / "trusted.pem"
    trusted.write_bytes(
        signed("authority.test", authority, "authority.test", authority).public_bytes(Encoding.PEM)
    )

    def serve(name: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        chain = tmp_path / "server.pem"
        chain.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + signed(name, key, "authority.test", authority).public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain)
        return context

    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    _tls.cache_clear()
    yield serve
    _tls.cache_clear()


def call(url: str) -> bytes:
    timeout = timedelta(seconds=20)
    with outbound.request(a_context(), url, timeout=timeout, redirects=1) as response:
        return response.read(1000)


def test_the_certificate_is_verified_for_the_name(network: Network, serve_as: Serve) -> None:
    """The handshake asks for the name, though the connection goes to its address."""
    network.names = {"api.test": [[PUBLIC]]}
    asked_for: list[str | None] = []
    tls = serve_as("api.test")
    tls.sni_callback = lambda _socket, name, _context: asked_for.append(name)
    with Web("https").serving(tls) as web:
        network.diverted = {PUBLIC: web.port}
        web.answer("/", b"hello")

        assert call("https://api.test/") == b"hello"

    assert asked_for == ["api.test"]
    assert web.received[0].headers["host"] == "api.test"
    assert network.connected == [PUBLIC]


@pytest.mark.parametrize("name", ["other.test", "*.api.test", PUBLIC])
def test_a_certificate_for_another_name_is_refused(
    network: Network, serve_as: Serve, name: str
) -> None:
    """Also one for the address itself: the caller asked for the name."""
    network.names = {"api.test": [[PUBLIC]]}
    with Web("https").serving(serve_as(name)) as web:
        network.diverted = {PUBLIC: web.port}

        with pytest.raises(outbound.NetworkError, match="its certificate is not valid"):
            call("https://api.test/")

    assert web.received == []


def test_a_certificate_that_nobody_trusts_is_refused(
    network: Network, serve_as: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only authorities in the system's trust store count."""
    network.names = {"api.test": [[PUBLIC]]}
    tls = serve_as("api.test")
    monkeypatch.delenv("SSL_CERT_FILE")
    with Web("https").serving(tls) as web:
        network.diverted = {PUBLIC: web.port}

        with pytest.raises(outbound.NetworkError, match="its certificate is not valid"):
            call("https://api.test/")

    assert web.received == []


def test_a_redirect_from_https_to_http_is_not_followed(network: Network, serve_as: Serve) -> None:
    """What was asked for in confidence is not answered in the clear."""
    network.names = {"api.test": [[PUBLIC]]}
    with Web("https").serving(serve_as("api.test")) as web:
        network.diverted = {PUBLIC: web.port}
        web.answer("/", status=302, headers={"Location": "http://api.test/"})

        with pytest.raises(PermanentError, match="from https to http"):
            call("https://api.test/")

    assert len(network.connected) == 1
