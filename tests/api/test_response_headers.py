"""What every answer says to a browser: that it is data, for nobody else, and over https."""

import pytest

from tests.api.conftest import Caller, Harness

PATHS = ["/v1/jobs", "/v1/me", "/v1/jobs/x", "/v1/health", "/livez", "/openapi.json", "/docs", "/x"]
ANSWERS = [*((path, "GET") for path in PATHS), ("/v1/jobs", "PUT"), ("/v1/jobs", "HEAD")]


@pytest.mark.parametrize(("path", "method"), ANSWERS)
@pytest.mark.parametrize("is_known", [True, False])
def test_every_answer_has_them(harness: Harness, path: str, method: str, is_known: bool) -> None:
    """Answers, refusals and errors alike, of every kind of path."""
    caller = harness.caller() if is_known else harness.nobody
    headers = caller.request(method, path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    if path != "/docs":
        assert policy == "default-src 'none'; frame-ancestors 'none'"


def test_an_unexpected_error_has_them_too(
    harness: Harness, ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that goes wrong makes an answer less safe."""

    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(harness.store, "list_summaries", fail)
    response = ada.get("/v1/jobs")
    assert response.status_code == 500
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
