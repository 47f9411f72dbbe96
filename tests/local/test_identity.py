"""Identity tokens of the local cloud: what Google's are, and nothing more."""

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from google.auth import jwt

from identity.certificates import fetch
from identity.errors import Unauthenticated
from identity.tokens import Verifier
from local.cloud.app import create_app
from local.cloud.faults import Faults
from local.cloud.identity import Issuer
from tests.local.conftest import Serve

METADATA = "/computeMetadata/v1/instance/service-accounts"
GOOGLE = {"Metadata-Flavor": "Google"}


@pytest.fixture
def cloud(issuer: Issuer) -> FlaskClient:
    return create_app(issuer, Faults(lambda *_: True, lambda _: False)).test_client()


def test_a_token_names_its_account(issuer: Issuer, verifier: Verifier) -> None:
    """The services' own verifier accepts a token for its audience, and reads the email."""
    token = issuer.token("ann@example.com", "https://api.test")
    assert verifier.verify(token, ["https://api.test"]).email == "ann@example.com"


def test_a_token_is_for_one_audience(issuer: Issuer, verifier: Verifier) -> None:
    """A token for one audience is refused by another."""
    token = issuer.token("ann@example.com", "https://api.test")
    with pytest.raises(Unauthenticated):
        verifier.verify(token, ["https://worker.test"])


def test_a_token_of_another_run_is_refused(verifier: Verifier) -> None:
    """Each run of the local cloud has its own key."""
    other = Issuer(now=lambda: datetime.now(UTC))
    with pytest.raises(Unauthenticated):
        verifier.verify(other.token("ann@example.com", "aud"), ["aud"])


def test_a_token_lasts_an_hour(issuer: Issuer, verifier: Verifier) -> None:
    """A token expires an hour after it was issued."""
    claims = jwt.decode(issuer.token("ann@example.com", "aud"), verify=False)
    assert claims["exp"] - claims["iat"] == timedelta(hours=1).total_seconds()
    expired = issuer.token("ann@example.com", "aud", exp=claims["iat"] - 60, iat=0)
    with pytest.raises(Unauthenticated, match="expired"):
        verifier.verify(expired, ["aud"])


def test_a_token_has_the_claims_of_googles(issuer: Issuer) -> None:
    """The claims are those of a metadata server's token, neither more nor fewer."""
    claims = jwt.decode(issuer.token("ann@p.iam.gserviceaccount.com", "aud"), verify=False)
    assert set(claims) == {"iss", "aud", "azp", "sub", "email", "email_verified", "iat", "exp"}
    assert claims["iss"] == "https://accounts.google.com"
    assert claims["sub"].isdecimal()
    assert len(claims["sub"]) == 21


def test_a_persons_token_names_a_domain(issuer: Issuer) -> None:
    """As that of an account in a Workspace does."""
    claims = jwt.decode(issuer.token("ann@example.com", "aud"), verify=False)
    assert claims["hd"] == "example.com"


def test_certificates_come_in_googles_form(cloud: FlaskClient, issuer: Issuer) -> None:
    """PEM certificates by key id, with a time for which they may be cached."""
    response = cloud.get("/certs")
    assert response.get_json() == dict(issuer.certificates)
    assert "max-age=3600" in response.headers["Cache-Control"]
    assert response.get_json()[issuer.key_id].startswith("-----BEGIN CERTIFICATE-----")


def test_the_metadata_server_gives_tokens(cloud: FlaskClient, verifier: Verifier) -> None:
    """Any account's token can be had, and the default account's without naming it."""
    for account, email in (("default", "dev@example.com"), ("bob@example.com", "bob@example.com")):
        response = cloud.get(f"{METADATA}/{account}/identity?audience=aud", headers=GOOGLE)
        assert verifier.verify(response.get_data(as_text=True), ["aud"]).email == email


def test_a_web_page_gets_no_token(cloud: FlaskClient) -> None:
    """Without the header that browsers don't send unasked there is no token."""
    assert cloud.get(f"{METADATA}/default/identity?audience=aud").status_code == 403


def test_a_token_needs_an_audience(cloud: FlaskClient) -> None:
    """As with Google's metadata server, the audience must be said."""
    assert cloud.get(f"{METADATA}/default/identity", headers=GOOGLE).status_code == 400


def test_the_services_can_fetch_the_certificates(issuer: Issuer, serve: Serve) -> None:
    """The services' own fetcher reads what the local cloud serves."""
    app = create_app(issuer, Faults(lambda *_: True, lambda _: False))
    fetched = fetch(f"{serve(app)}/certs")
    assert fetched.by_key_id == dict(issuer.certificates)
    assert fetched.max_age == timedelta(hours=1)
