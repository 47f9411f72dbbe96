"""Each kind of credentials gets its identity token from a stand-in for Google."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from dormouse import ConfigurationError, Dormouse, IdentityError
from dormouse.connecting import connected
from dormouse.identity.discovery import tokens_for
from dormouse.identity.google import GoogleCredentials
from dormouse.identity.google_sources import credentials_of
from dormouse.identity.google_transport import HttpxRequest
from dormouse.identity.local import LocalCloud
from dormouse.identity.person import KeptTokens, SignedIn, TokenFile
from dormouse.identity.tokens import RENEW_SECONDS, FixedToken, Nobody, Tokens
from dormouse.profiles import Profile, load, save

from local.cloud.identity import Issuer

AUDIENCE = "https://api.example.com"
CALLER = "caller@p.iam.gserviceaccount.com"
IMPERSONATION = (
    f"https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{CALLER}"
    ":generateAccessToken"
)
USER = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}


class Google:
    """Answers for Google's endpoints, and remembers what was asked."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.asked: list[httpx.Request] = []
        self.permits = True

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        url = str(request.url)
        if url.endswith(":generateIdToken"):
            return self._impersonated(request)
        if "metadata" in url or "169.254" in url:
            return self._metadata(request)
        if request.url.host == "sts.googleapis.com":
            return httpx.Response(
                200,
                json={
                    "access_token": "federated",
                    "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
                    "token_type": "Bearer",
                    "expires_in": 3600,
                },
            )
        form = parse_qs(request.content.decode())
        if form.get("grant_type") == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]:
            return httpx.Response(200, json={"id_token": self.issuer.token(CALLER, AUDIENCE)})
        return httpx.Response(200, json={"access_token": "users", "expires_in": 3600})

    def _metadata(self, request: httpx.Request) -> httpx.Response:
        headers = {"Metadata-Flavor": "Google"}
        if request.url.path.endswith("/identity"):
            token = self.issuer.token(CALLER, request.url.params["audience"])
            return httpx.Response(200, headers=headers, text=token)
        if request.url.path.endswith("/token"):
            body = {"access_token": "instance", "expires_in": 3600, "token_type": "Bearer"}
            return httpx.Response(200, headers=headers, json=body)
        return httpx.Response(200, headers=headers, json={"email": CALLER, "scopes": []})

    def _impersonated(self, request: httpx.Request) -> httpx.Response:
        if not self.permits:
            return httpx.Response(403, json={"error": {"message": "no getOpenIdToken"}})
        body = json.loads(request.content)
        assert body["includeEmail"] is True
        account = request.url.path.rpartition("/")[2].partition(":")[0]
        return httpx.Response(200, json={"token": self.issuer.token(account, body["audience"])})

    @property
    def bearer(self) -> str:
        """With whose access token the last call was made."""
        return self.asked[-1].headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def google(issuer: Issuer) -> Google:
    return Google(issuer)


Fetch = Callable[..., dict[str, Any]]


@pytest.fixture
def fetch(google: Google) -> Fetch:
    """The claims of the token that such credentials get."""

    def fetched(info: dict[str, Any] | None, impersonate: str = "") -> dict[str, Any]:
        request = HttpxRequest(httpx.MockTransport(google))
        token = GoogleCredentials(info, impersonate, request).fetch(AUDIENCE)
        part = token.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        return claims

    return fetched


def key_file() -> dict[str, Any]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "client_email": CALLER,
        "private_key": pem.decode(),
        "private_key_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }


def federated(tmp_path: Path, **more: Any) -> dict[str, Any]:
    subject = tmp_path / "subject"
    subject.write_text("from-elsewhere")
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/a/b",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": {"file": str(subject)},
        **more,
    }


def test_a_service_account_on_google_cloud(fetch: Fetch) -> None:
    """The metadata server gives its token for the audience."""
    claims = fetch(None)
    assert (claims["email"], claims["aud"]) == (CALLER, AUDIENCE)


def test_a_key_file(fetch: Fetch) -> None:
    """It signs for itself."""
    claims = fetch(key_file())
    assert (claims["email"], claims["aud"]) == (CALLER, AUDIENCE)


def test_workload_identity_federation(fetch: Fetch, google: Google, tmp_path: Path) -> None:
    """The federated principal itself asks for the account's token, in one step."""
    claims = fetch(federated(tmp_path, service_account_impersonation_url=IMPERSONATION))
    assert claims["email"] == CALLER
    assert google.bearer == "federated"


@pytest.mark.parametrize("kind", ["named", "in the file"])
def test_a_user_by_impersonation(fetch: Fetch, google: Google, kind: str) -> None:
    """Gcloud's login, with an account in DORMOUSE_IMPERSONATE or in the file."""
    inside = {
        "type": "impersonated_service_account",
        "service_account_impersonation_url": IMPERSONATION,
        "source_credentials": USER,
    }
    claims = fetch(USER, CALLER) if kind == "named" else fetch(inside)
    assert (claims["email"], claims["aud"]) == (CALLER, AUDIENCE)
    assert google.bearer == "users"


def test_an_instance_may_impersonate_too(fetch: Fetch, google: Google) -> None:
    """DORMOUSE_IMPERSONATE holds on Google Cloud as well."""
    other = "other@p.iam.gserviceaccount.com"
    assert fetch(None, other)["email"] == other
    assert google.bearer == "instance"


def test_a_user_alone_can_not(fetch: Fetch, tmp_path: Path) -> None:
    """Google makes a user's tokens for gcloud only: the message says what to do."""
    for info in (USER, federated(tmp_path)):
        with pytest.raises(IdentityError, match=r"DORMOUSE_IMPERSONATE.*dormouse login"):
            fetch(info)


def test_each_kind_of_source_is_loaded(tmp_path: Path) -> None:
    """By the loader of its kind, for the scope that impersonation needs."""
    executable = federated(tmp_path, credential_source={"executable": {"command": "/bin/true"}})
    aws = federated(
        tmp_path,
        subject_token_type="urn:ietf:params:aws:token-type:aws4_request",
        credential_source={
            "environment_id": "aws1",
            "regional_cred_verification_url": "https://sts.{region}.amazonaws.com",
        },
    )
    workforce = {
        "type": "external_account_authorized_user",
        "audience": "//iam.googleapis.com/locations/global/workforcePools/a/providers/b",
        "refresh_token": "r",
        "token_url": "https://sts.googleapis.com/v1/oauthtoken",
        "client_id": "c",
        "client_secret": "s",
    }
    for info, module in (
        (executable, "pluggable"),
        (aws, "aws"),
        (federated(tmp_path), "identity_pool"),
        (workforce, "external_account_authorized_user"),
        (key_file(), "service_account"),
        (USER, "credentials"),
        (None, "compute_engine"),
    ):
        assert module in type(credentials_of(info)).__module__
    with pytest.raises(IdentityError, match="gcloud auth"):
        credentials_of({"type": "gdch_service_account"})


def test_a_missing_right_names_the_command(fetch: Fetch, google: Google) -> None:
    """The error names the command that grants the right."""
    google.permits = False
    with pytest.raises(IdentityError, match="add-iam-policy-binding"):
        fetch(USER, CALLER)


def test_broken_credentials_are_no_traceback(fetch: Fetch, tmp_path: Path) -> None:
    """Neither an unknown kind, nor a file that is no JSON or not there."""
    with pytest.raises(IdentityError):
        fetch({"type": "authorized_user"}, CALLER)
    (tmp_path / "broken").write_text("{")
    for name in ("broken", "absent"):
        with pytest.raises(IdentityError, match="GOOGLE_APPLICATION_CREDENTIALS"):
            GoogleCredentials.from_file(tmp_path / name)


def test_no_network_is_said() -> None:
    """No network is no bug of the client."""

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    request = HttpxRequest(httpx.MockTransport(nobody))
    with pytest.raises(IdentityError, match="no route"):
        GoogleCredentials(USER, CALLER, request).fetch(AUDIENCE)
    with pytest.raises(IdentityError, match="dev up"):
        LocalCloud("http://127.0.0.1:1").fetch(AUDIENCE)


class Counting:
    """Credentials that can be made to fail."""

    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer
        self.fetched = 0
        self.fails = False

    def fetch(self, audience: str) -> str:
        if self.fails:
            raise IdentityError("away")
        self.fetched += 1
        return self.issuer.token("ann@example.com", audience)


def test_a_token_is_renewed_before_it_ends(issuer: Issuer) -> None:
    """Once for its time; used on while a new one can't be had; asked for again once refused."""
    now = datetime.now(UTC).timestamp()
    credentials = Counting(issuer)
    tokens = Tokens(credentials, AUDIENCE, lambda: now)
    assert {tokens.get() for _ in range(3)} == {tokens.current()}
    assert credentials.fetched == 1
    now += timedelta(hours=1).total_seconds() - RENEW_SECONDS
    assert tokens.current() is None
    credentials.fails = True
    assert tokens.get()
    credentials.fails = False
    tokens.get()
    assert credentials.fetched == 2
    tokens.forget()
    credentials.fails = True
    with pytest.raises(IdentityError, match="away"):
        tokens.get()


def test_what_is_no_token_is_said_to_be() -> None:
    """Before it is sent anywhere."""
    for text in ("nonsense", "a.b.c", "a.W10.c", "a.\u00fc.c"):
        with pytest.raises(IdentityError, match="JWT"):
            Tokens(FixedToken(text), AUDIENCE).get()
    with pytest.raises(IdentityError, match="why"):
        Tokens(Nobody("why"), AUDIENCE).get()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Of somebody who has nothing."""
    return {"HOME": str(tmp_path), "DORMOUSE_CONFIG_DIR": str(tmp_path / "config")}


def kind_of(profile: Profile, environment: dict[str, str]) -> type:
    return type(tokens_for(profile, None, environment).credentials)


def test_credentials_are_found_in_order(environment: dict[str, str], tmp_path: Path) -> None:
    """From the nearest wish to the metadata server."""
    profile = Profile(url=AUDIENCE, client_id="c")
    assert kind_of(profile, environment) is GoogleCredentials
    folder = Path(environment["DORMOUSE_CONFIG_DIR"])
    TokenFile(folder).put("c", KeptTokens(refresh_token="r"))
    assert kind_of(profile, environment) is SignedIn
    assert tokens_for(profile, None, environment).audience == "c"
    (tmp_path / "key.json").write_text('{"type": "service_account"}')
    named = {**environment, "GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "key.json")}
    assert kind_of(profile, named) is GoogleCredentials
    assert tokens_for(profile, None, named).audience == AUDIENCE
    local = Profile(url=AUDIENCE, local_cloud="http://127.0.0.1:8082")
    assert kind_of(local, named) is LocalCloud
    assert kind_of(Profile(url=AUDIENCE, token="t"), named) is FixedToken


def test_profiles_are_kept_and_overridden(environment: dict[str, str]) -> None:
    """The environment says otherwise; a token is never kept."""
    kept = Profile(url=AUDIENCE, audience="a", client_id="c", token="secret")
    path = save(kept, "work", environment)
    assert "secret" not in path.read_text()
    assert load("work", environment) == Profile(url=AUDIENCE, audience="a", client_id="c")
    elsewhere = {**environment, "DORMOUSE_PROFILE": "work", "DORMOUSE_URL": "https://other/"}
    assert load(None, elsewhere).url == "https://other"
    with pytest.raises(ConfigurationError, match="login"):
        load("nowhere", environment)
    path.write_text("url = x")
    with pytest.raises(ConfigurationError, match="read"):
        load("work", environment)


def test_without_a_url_it_says_where_one_comes_from(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And without a scheme."""
    monkeypatch.setenv("DORMOUSE_CONFIG_DIR", environment["DORMOUSE_CONFIG_DIR"])
    monkeypatch.delenv("DORMOUSE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="DORMOUSE_URL"):
        Dormouse()
    with pytest.raises(ConfigurationError, match="http"):
        connected(Profile(url="api.example.com"))
    monkeypatch.setenv("DORMOUSE_LOCAL_PORT", "1")
    with pytest.raises(ConfigurationError, match="dev up"):
        Dormouse.local()
