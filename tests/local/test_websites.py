"""What a page of some site gets from the local cloud, in the browser of who develops."""

import pytest
from flask.testing import FlaskClient

from local.cloud.app import create_app
from local.cloud.faults import Faults
from local.cloud.identity import Issuer

TOKEN = "/computeMetadata/v1/instance/service-accounts/default/identity?audience=a"
FLAVOR = {"Metadata-Flavor": "Google"}


@pytest.fixture
def cloud(issuer: Issuer) -> FlaskClient:
    return create_app(issuer, Faults(lambda *_: True, lambda _: False)).test_client()


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8082",
        "127.0.0.1:8082",
        "[::1]:8082",
        "local:8082",
        "metadata.google.internal",
        "172.17.0.1:8082",
        "LOCALHOST",
    ],
)
def test_names_of_this_machine_are_served(cloud: FlaskClient, host: str) -> None:
    """By loopback, by Docker's names, and as Google's libraries call a metadata server."""
    assert cloud.get(TOKEN, headers={**FLAVOR, "Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8082",
        "127.0.0.1.evil.example",
        "localhost.evil.example:8082",
        "127.0.0.1@evil.example",
        "evil.example.",
        "0x7f.1",
        "",
    ],
)
def test_a_website_that_points_here_gets_nothing(cloud: FlaskClient, host: str) -> None:
    """After DNS rebinding the browser takes it for the site itself, and sends its name."""
    answer = cloud.get(TOKEN, headers={**FLAVOR, "Host": host})
    assert answer.status_code in {400, 403}
    assert b"ey" not in answer.data


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://localhost:9999", "http://evil.localhost:8082"],
)
@pytest.mark.parametrize("path", [TOKEN, "/sign-in", "/oauth2/token", "/certs"])
def test_another_page_can_not_call(cloud: FlaskClient, path: str, origin: str) -> None:
    """A form sent across sites, or a request with CORS, carries the page's origin."""
    headers = {**FLAVOR, "Host": "localhost:8082", "Origin": origin}
    assert cloud.post(path, headers=headers).status_code == 403
    assert cloud.get(path, headers=headers).status_code == 403


def test_its_own_page_can(cloud: FlaskClient) -> None:
    """The page to sign in sends its form to where it came from."""
    headers = {"Host": "localhost:8082", "Origin": "http://localhost:8082"}
    assert cloud.get("/livez", headers=headers).status_code == 200
