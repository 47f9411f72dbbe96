"""References to secrets, as callers meet them."""

import pytest

from identity.tokens import Verifier
from jobs.payloads.secret_bindings import SecretBindings
from local.cloud.identity import Issuer
from tests.api.conftest import ADA, AUDIENCE, ROLES, Harness
from tests.factories import some_settings

REFERENCE = {"$secret": "github-token"}


@pytest.fixture
def harness(issuer: Issuer, verifier: Verifier) -> Harness:
    """Payloads may refer to one secret."""
    secrets = SecretBindings.parse("github-token")
    settings = some_settings(api_audiences=(AUDIENCE,), roles=ROLES, secrets=secrets)
    return Harness(issuer, verifier, settings=settings)


def test_the_reference_is_what_is_kept(harness: Harness) -> None:
    """The answer, the document and the job message show the payload as it was sent."""
    answer = harness.caller(ADA).submit(payload={"text": REFERENCE})
    assert answer.status_code == 202
    assert answer.json["payload"] == {"text": REFERENCE}  # type: ignore[index]
    (job_message,) = harness.dispatched()
    assert job_message.job is not None
    assert b"$secret" in bytes(job_message.job.payload)
    assert b"secret.invalid" not in job_message.encode()


@pytest.mark.parametrize("reference", [{"$secret": "other"}, {"$secret": 1}, {**REFERENCE, "a": 1}])
def test_what_is_no_secret_is_refused(harness: Harness, reference: object) -> None:
    """At submission, one job or many, and nothing is made."""
    ada = harness.caller(ADA)
    for answer in (
        ada.submit(payload={"text": reference}),
        ada.post(
            "/v1/jobs:batchCreate",
            json={"jobs": [{"type": "text.echo", "payload": {"text": reference}}]},
        ),
    ):
        assert answer.status_code == 400
        assert answer.json["code"] == "invalid_request"  # type: ignore[index]
        assert "secret" in answer.json["detail"]  # type: ignore[index]
    assert harness.dispatched() == []


def test_a_key_stands_for_its_reference(harness: Harness) -> None:
    """The same request under the same key is the same job, whatever the value is by then."""
    ada = harness.caller(ADA)
    first = ada.submit("key", payload={"text": REFERENCE})
    again = ada.submit("key", payload={"text": REFERENCE})
    assert again.headers["Idempotency-Replayed"] == "true"
    assert first.json["id"] == again.json["id"]  # type: ignore[index]
