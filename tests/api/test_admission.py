"""Before permission, nothing is expensive."""

from typing import Any

import pytest
from flask import Flask

from api.http import decoding
from api.http.operation import Operation, operation_of
from identity.tokens import Verifier
from jobs.errors import InvalidRequest
from jobs.payloads.strict_json import BYTES_A_VALUE, check_json
from local.cloud.identity import Issuer
from tests.api import expect
from tests.api.conftest import ADA, AUDIENCE, ROLES, Caller, Harness
from tests.factories import some_settings


@pytest.fixture
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads a body fails the test."""

    def read(*_: Any) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr("api.http.operation.decode_body", read)


def test_every_operation_with_a_body_says_whom_it_admits(harness: Harness) -> None:
    """The order of checks can't be forgotten: a view without it is not made."""
    app: Flask = harness.app
    found = [operation_of(view) for view in app.view_functions.values()]
    with_body = [one for one in found if one and one.body]
    assert len(with_body) >= 9
    assert all(one.admits for one in with_body)
    with pytest.raises(TypeError, match="does not say whom it admits"):
        Operation(summary="s", tag="t", body=dict)(lambda body: body)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", "/v1/jobs"),
        ("post", "/v1/jobs:batchCreate"),
        ("post", "/v1/jobs:batchCancel"),
        ("post", "/v1/jobs:batchRetry"),
        ("post", "/v1/schedules"),
        ("patch", f"/v1/schedules/{'a' * 32}"),
        ("post", "/v1/webhooks"),
        ("patch", f"/v1/webhooks/{'a' * 32}"),
        ("post", "/v1/dead-letters:redrive"),
    ],
)
def test_a_role_comes_before_the_body(vera: Caller, method: str, path: str) -> None:
    """A viewer's large body is refused without being read."""
    answer = vera.request(
        method.upper(), path, data=b"[" * 500_000, content_type="application/json"
    )
    expect.problem(answer, 403, "permission_denied")


def test_the_rate_comes_before_the_body(
    issuer: Issuer, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has used its submissions up is told so, whatever else it sends."""
    limits = {"submit_rate": 2, "submit_burst": 5}
    settings = some_settings(api_audiences=(AUDIENCE,), roles=ROLES, **limits)
    ada = Harness(issuer, verifier, settings=settings).caller(ADA)
    while ada.submit().status_code == 202:
        pass

    def read(*_: Any) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr("api.http.operation.decode_body", read)
    assert ada.post("/v1/jobs:batchCreate", data=b"[" * 500_000).status_code == 429


@pytest.mark.parametrize("limit", [decoding.MAX_BODY_BYTES, 3 * 1024 * 1024])
def test_a_body_has_a_bounded_number_of_values(limit: int) -> None:
    """Strings may be full of signs; what counts is what becomes an object."""
    most = limit // BYTES_A_VALUE
    check_json(b"[" + b",".join([b"1"] * (most - 1)) + b"]", limit)
    with pytest.raises(InvalidRequest, match="more than"):
        check_json(b"[" + b",".join([b"1"] * (most + 1)) + b"]", limit)
    check_json(b'["' + b'[{,:\\"' * (limit // 8) + b'"]', limit)
