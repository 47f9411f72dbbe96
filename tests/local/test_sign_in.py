"""The local cloud signs people in as Google does: as strictly, and no page gets more from it."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from google.auth import jwt

from local.cloud.app import create_app
from local.cloud.faults import Faults
from local.cloud.identity import Issuer
from local.cloud.settings import DESKTOP_CLIENT_ID, DESKTOP_CLIENT_SECRET
from local.cloud.sign_in import AUTHORIZE, CODE_LIFETIME, TOKEN, challenge_of

BACK = "http://127.0.0.1:4711"
VERIFIER = "v" * 43
ASKED = {
    "client_id": DESKTOP_CLIENT_ID,
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "openid email",
    "state": "s",
    "nonce": "n",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}
CLIENT = {"client_id": DESKTOP_CLIENT_ID, "client_secret": DESKTOP_CLIENT_SECRET}


class Clock:
    def __init__(self) -> None:
        self.time = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cloud(issuer: Issuer, clock: Clock) -> FlaskClient:
    return create_app(issuer, Faults(lambda *_: True, lambda _: False), clock).test_client()


def code(cloud: FlaskClient, account: str = "ann@example.com") -> str:
    answer = cloud.post(AUTHORIZE, query_string=ASKED, data={"account": account})
    assert answer.status_code == 302
    back = urlsplit(answer.headers["Location"])
    said = parse_qs(back.query)
    assert f"{back.scheme}://{back.netloc}" == BACK
    assert said["state"] == ["s"]
    return said["code"][0]


def redeemed(cloud: FlaskClient, code: str, **changes: str) -> tuple[int, dict[str, str]]:
    form = {
        **CLIENT,
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": BACK,
    }
    answer = cloud.post(TOKEN, data=form | changes)
    return answer.status_code, answer.get_json()


def test_a_chosen_account_gets_a_token(cloud: FlaskClient) -> None:
    """For the OAuth client, with the nonce that was asked for."""
    status, tokens = redeemed(cloud, code(cloud))
    claims = jwt.decode(tokens["id_token"], verify=False)
    assert status == 200
    assert (claims["email"], claims["aud"], claims["nonce"]) == (
        "ann@example.com",
        DESKTOP_CLIENT_ID,
        "n",
    )


def test_a_code_works_once(cloud: FlaskClient) -> None:
    """The second time it is nobody's."""
    first = code(cloud)
    assert redeemed(cloud, first)[0] == 200
    assert redeemed(cloud, first) == (
        400,
        {"error": "invalid_grant", "error_description": "invalid grant"},
    )


def test_an_old_code_is_refused(cloud: FlaskClient, clock: Clock) -> None:
    """A code lasts a minute."""
    old = code(cloud)
    clock.time += CODE_LIFETIME * 2
    assert redeemed(cloud, old)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "w" * 43}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:1"}, "invalid_grant"),
        ({"client_secret": "guessed"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_stolen_code_is_worth_nothing(
    cloud: FlaskClient, changes: dict[str, str], error: str
) -> None:
    """A thief has neither the verifier nor the redirect."""
    assert redeemed(cloud, code(cloud), **changes)[1]["error"] == error


def test_a_refresh_token_gives_tokens_until_it_is_revoked(cloud: FlaskClient) -> None:
    """A renewed token names the same account, without a nonce."""
    _, tokens = redeemed(cloud, code(cloud))
    form = {**CLIENT, "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    renewed = cloud.post(TOKEN, data=form)
    claims = jwt.decode(renewed.get_json()["id_token"], verify=False)
    assert claims["email"] == "ann@example.com"
    assert "nonce" not in claims
    assert cloud.post("/revoke", data={"token": tokens["refresh_token"]}).status_code == 200
    assert cloud.post(TOKEN, data=form).get_json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-elses"},
        {"redirect_uri": "https://evil.example.com/"},
        {"redirect_uri": "http://127.0.0.1.evil.example.com/"},
        {"response_type": "token"},
        {"scope": "openid"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_wrong_request_sends_nobody_anywhere(cloud: FlaskClient, changes: dict[str, str]) -> None:
    """It is a page with an error, before and after an account is chosen."""
    assert cloud.get(AUTHORIZE, query_string=ASKED | changes).status_code == 400
    chosen = {"account": "ann@example.com"}
    assert cloud.post(AUTHORIZE, query_string=ASKED | changes, data=chosen).status_code == 400


def test_another_site_chooses_for_nobody(cloud: FlaskClient) -> None:
    """A form of another origin is refused."""
    answer = cloud.post(
        AUTHORIZE,
        query_string=ASKED,
        data={"account": "ann@example.com"},
        headers={"Origin": "https://evil.example.com"},
    )
    assert answer.status_code == 403


def test_the_page_offers_accounts(cloud: FlaskClient) -> None:
    """Among them the one that everything else uses."""
    page = cloud.get(AUTHORIZE, query_string=ASKED).get_data(as_text=True)
    assert 'value="dev@example.com"' in page
