"""Other web pages: they may call if the deployment names their origin, and else may not."""

import pytest
from werkzeug.datastructures import Headers

from identity.tokens import Verifier
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, ROLES, Caller, Harness
from tests.api.test_strangers import guarded_routes
from tests.factories import some_settings

APP = "https://app.example.com"
PREFLIGHT = {
    "Origin": APP,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


@pytest.fixture
def open_house(issuer: Issuer, verifier: Verifier) -> Harness:
    """Two origins are named."""
    origins = frozenset({APP, "http://localhost:3000"})
    settings = some_settings(api_audiences=(AUDIENCE,), roles=ROLES, cors_origins=origins)
    return Harness(issuer, verifier, settings)


def allowed(headers: Headers) -> list[str]:
    return [name for name, _ in headers if name.startswith("Access-Control-")]


def test_off_unless_origins_are_set(harness: Harness, ada: Caller) -> None:
    """Without the setting no answer allows anything, and a preflight is a request like any."""
    assert allowed(ada.get("/v1/jobs", headers={"Origin": APP}).headers) == []
    assert allowed(harness.nobody.get("/docs", headers={"Origin": APP}).headers) == []
    preflight = harness.nobody.request("OPTIONS", "/v1/jobs", headers=PREFLIGHT)
    expect.problem(preflight, 401, "unauthenticated")
    assert allowed(preflight.headers) == []


def test_a_named_origin_may_ask(open_house: Harness) -> None:
    """A preflight, which has no token, is answered for every route, without any credentials."""
    for _, path in guarded_routes(open_house.app):
        response = open_house.nobody.request("OPTIONS", path, headers=PREFLIGHT)
        assert (response.status_code, response.data) == (204, b"")
        headers = response.headers
        assert "Content-Type" not in headers
        assert headers["Access-Control-Allow-Origin"] == APP
        assert headers["Access-Control-Allow-Methods"] == "GET, POST, PATCH, DELETE"
        asked = {name.strip() for name in headers["Access-Control-Allow-Headers"].split(",")}
        assert asked == {
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "Last-Event-ID",
            "traceparent",
        }
        assert headers["Access-Control-Max-Age"] == "600"
        assert "Access-Control-Allow-Credentials" not in headers
        assert "Origin" in headers["Vary"]


def test_the_methods_are_those_of_the_routes(open_house: Harness) -> None:
    """Whatever method a route takes, a page of a named origin may use."""
    methods = {method for method, _ in guarded_routes(open_house.app)} - {"HEAD", "OPTIONS"}
    response = open_house.nobody.request("OPTIONS", "/v1/jobs", headers=PREFLIGHT)
    assert set(response.headers["Access-Control-Allow-Methods"].split(", ")) == methods


@pytest.mark.parametrize("origin", [APP, "http://localhost:3000"])
def test_a_named_origin_may_read(open_house: Harness, origin: str) -> None:
    """Answers and refusals, with the headers that it needs; the token is asked for as always."""
    headers = {"Origin": origin}
    submitted = open_house.caller(ADA).post(
        "/v1/jobs", json={"type": "text.echo", "payload": {"text": "a"}}, headers=headers
    )
    refused = open_house.nobody.get("/v1/jobs", headers=headers)
    assert (submitted.status_code, refused.status_code) == (202, 401)
    for response in (submitted, refused):
        assert response.headers["Access-Control-Allow-Origin"] == origin
        shown = response.headers["Access-Control-Expose-Headers"].split(", ")
        assert set(shown) >= {"Location", "Retry-After", "Idempotency-Replayed"}
        assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "https://xapp.example.com",
        "https://app.example.com:8443",
        "https://app.example.com/",
        "http://app.example.com",
        "https://APP.example.com",
        "https://app.example.com,https://evil.example",
        "https://evil.example https://app.example.com",
        "null",
        "*",
        "",
    ],
)
def test_another_origin_may_not(open_house: Harness, origin: str) -> None:
    """An origin is named exactly or not at all; its preflight allows nothing."""
    preflight = open_house.nobody.request(
        "OPTIONS", "/v1/jobs", headers=PREFLIGHT | {"Origin": origin}
    )
    assert allowed(preflight.headers) == []
    answer = open_house.caller(ADA).get("/v1/jobs", headers={"Origin": origin})
    assert allowed(answer.headers) == []
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_cache_keeps_origins_apart(open_house: Harness) -> None:
    """Whoever asks, the answer says that it depends on who asked."""
    assert "Origin" in open_house.nobody.get("/openapi.json").headers["Vary"]


def test_options_without_a_preflight_is_a_request_like_any(open_house: Harness) -> None:
    """It needs a token."""
    for headers in ({}, {"Origin": APP}, {"Access-Control-Request-Method": "POST"}):
        response = open_house.nobody.request("OPTIONS", "/v1/jobs", headers=headers)
        expect.problem(response, 401, "unauthenticated")
