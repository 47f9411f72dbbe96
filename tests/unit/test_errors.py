"""What can go wrong: codes that callers rely on, and messages that they can read."""

import pickle

import pytest

import identity.errors
import jobs.errors
from jobs.errors import DormouseError

ERRORS: set[type[DormouseError]] = {
    kind
    for module in (jobs.errors, identity.errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, DormouseError)
}

CODES = {
    "internal",
    "invalid_request",
    "unknown_job_type",
    "invalid_page_token",
    "payload_too_large",
    "idempotency_key_reused",
    "job_not_found",
    "job_exists",
    "status_conflict",
    "version_conflict",
    "store_unavailable",
    "queue_unavailable",
    "undecodable_message",
    "settings",
    "unauthenticated",
    "permission_denied",
    "identity_unavailable",
}
"""A code that is here is never changed: callers' programs know it."""


def test_codes() -> None:
    """Each kind of error has a code of its own, and none was changed."""
    codes = [kind.code for kind in ERRORS]
    assert len(codes) == len(set(codes))
    assert set(codes) >= CODES


def test_what_may_pass() -> None:
    """Exactly what may pass by itself is called retryable."""
    assert {kind.code for kind in ERRORS if kind.retryable} == {
        "version_conflict",
        "store_unavailable",
        "queue_unavailable",
        "identity_unavailable",
        "unreadable",
    }


@pytest.mark.parametrize("kind", sorted(ERRORS, key=str))
def test_messages(kind: type[DormouseError]) -> None:
    """An error without a message of its own has that of its kind: a sentence on one line."""
    message = str(kind())
    assert message
    assert message.endswith(".")
    assert "\n" not in message
    assert str(kind("another")) == "another"
    assert str(pickle.loads(pickle.dumps(kind("another")))) == "another"  # noqa: S301 - our own
