"""Every route of the API against everyone who must not get in. A new route is walked by itself."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask import Flask
from google.auth import _helpers
from werkzeug.test import Client, TestResponse

from api.auth.callers import PUBLIC
from identity.certificates import Certificates, Fetched
from identity.tokens import Verifier
from jobs.settings.roles import Binding, Role
from local.cloud.identity import Issuer
from tests.api.conftest import ADA, AUDIENCE, Harness
from tests.factories import some_settings
from tests.identity.strangers import NOW, VERIFIER, Bearer

SETTINGS = some_settings(
    api_audiences=(AUDIENCE,),
    roles=(Binding(Role.OPERATOR, ("allAuthenticated",)),),
    gateway_account="gateway@test-project.iam.gserviceaccount.com",
    # The API takes no token without a signature, whatever the worker may do.
    signature_checked_by_cloud_run=True,
)
ADAS = Bearer(ADA, AUDIENCE)
PUSH = Bearer(SETTINGS.push_account, f"{SETTINGS.worker_audience}/jobs")
CLOCK = Bearer(SETTINGS.scheduler_account, f"{SETTINGS.worker_audience}/sweep")


def _stripped(token: str) -> str:
    return ".".join([*token.split(".")[:2], "SIGNATURE_REMOVED_BY_GOOGLE"])


REFUSED = {why: f"Bearer {token}" for why, token in ADAS.refused.items()} | {
    "a push token": f"Bearer {PUSH.token()}",
    "the scheduler's token": f"Bearer {CLOCK.token()}",
    "a token for the worker": f"Bearer {ADAS.token(aud=SETTINGS.worker_audience)}",
    "a removed signature": f"Bearer {_stripped(ADAS.token())}",
    "another scheme": f"Basic {ADAS.token()}",
    "no scheme": ADAS.token(),
    "two schemes": f"Bearer Bearer {ADAS.token()}",
    "two headers, as the server joins them": f"Bearer {ADAS.token()},Bearer {ADAS.token()}",
    "a token in a parameter": f'Bearer token="{ADAS.token()}"',
}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time by which tokens are checked stands still."""
    monkeypatch.setattr(_helpers, "utcnow", lambda: NOW.replace(tzinfo=None))


@pytest.fixture
def harness(issuer: Issuer) -> Harness:
    return Harness(issuer, VERIFIER, SETTINGS)


def guarded_rules(app: Flask) -> Iterator[tuple[str, str]]:
    """Method and rule of every route that is not public."""
    for rule in app.url_map.iter_rules():
        if not getattr(app.view_functions[rule.endpoint], PUBLIC, False):
            for method in sorted(rule.methods or ()):
                yield method, rule.rule


def guarded_routes(app: Flask) -> Iterator[tuple[str, str]]:
    """The same, with a path for each rule."""
    for method, rule in guarded_rules(app):
        yield method, re.sub("<.+?>", "0" * 32, rule)


def _answer(app: Flask, method: str, path: str, header: str | None) -> TestResponse:
    """As a server hands the header on: bytes as Latin-1."""
    environ = {}
    if header is not None:
        environ["HTTP_AUTHORIZATION"] = header.encode(errors="surrogateescape").decode("latin-1")
    return Client(app).open(path, method=method, environ_overrides=environ)


def test_the_walk_goes_everywhere(harness: Harness) -> None:
    """Every guarded route lets a good token in, so what follows is not about wrong paths."""
    routes = list(guarded_routes(harness.app))
    assert len({path for _, path in routes}) > 10
    assert len(REFUSED) > 100
    for method, path in routes:
        status = _answer(harness.app, method, path, f"Bearer {ADAS.token()}").status_code
        assert status not in {401, 403, 405}, (method, path)


@pytest.mark.parametrize("why", REFUSED)
def test_every_route_refuses(harness: Harness, why: str) -> None:
    """Each wrong token is answered with 401 on every route, with nothing but the reason."""
    for method, path in guarded_routes(harness.app):
        response = _answer(harness.app, method, path, REFUSED[why])
        assert response.status_code == 401, (method, path)
        assert response.headers["WWW-Authenticate"] == "Bearer"
        if method != "HEAD":
            assert response.get_json()["code"] == "unauthenticated"
            assert "Traceback" not in response.get_data(as_text=True)


def test_every_route_asks(harness: Harness) -> None:
    """Without a header every route answers 401."""
    for method, path in guarded_routes(harness.app):
        assert _answer(harness.app, method, path, None).status_code == 401, (method, path)


def test_a_token_elsewhere_is_no_token(harness: Harness) -> None:
    """Only `Authorization` is looked at: no query, no cookie, no other header."""
    token = ADAS.token()
    elsewhere = {
        "HTTP_X_SERVERLESS_AUTHORIZATION": f"Bearer {token}",
        "HTTP_X_FORWARDED_AUTHORIZATION": f"Bearer {token}",
        "HTTP_PROXY_AUTHORIZATION": f"Bearer {token}",
        "HTTP_COOKIE": f"token={token}; access_token={token}",
        "HTTP_X_APIGATEWAY_API_USERINFO": token.split(".")[1],
        "HTTP_X_GOOG_IAP_JWT_ASSERTION": token,
        "HTTP_X_GOOG_AUTHENTICATED_USER_EMAIL": f"accounts.google.com:{ADA}",
        "QUERY_STRING": f"access_token={token}",
    }
    for method, path in guarded_routes(harness.app):
        response = Client(harness.app).open(path, method=method, environ_overrides=elsewhere)
        assert response.status_code == 401, (method, path)


def test_every_route_forbids(issuer: Issuer) -> None:
    """A right token without a role gets 403 on every route."""
    harness = Harness(issuer, VERIFIER, some_settings(api_audiences=(AUDIENCE,)))
    for method, path in guarded_routes(harness.app):
        response = _answer(harness.app, method, path, f"Bearer {ADAS.token()}")
        assert response.status_code == 403, (method, path)


def test_every_route_waits_for_certificates(issuer: Issuer) -> None:
    """When tokens can't be checked every route answers 503, and lets nobody in."""

    def fail(_url: str) -> Fetched:
        raise TimeoutError

    certificates = Certificates("https://certs.test", lambda: datetime.now(UTC), fail)
    harness = Harness(issuer, Verifier(certificates), SETTINGS)
    for method, path in guarded_routes(harness.app):
        response = _answer(harness.app, method, path, f"Bearer {ADAS.token()}")
        assert response.status_code == 503, (method, path)
        assert int(response.headers["Retry-After"]) > 0
