"""Credentials that a caller wrote out in a payload's headers."""

import msgspec
import pytest

from jobs.payloads.redaction import without_credentials
from tests.api.conftest import Caller, Harness

SECRET = "Bearer s3cr3t"


@pytest.mark.parametrize("name", ["Authorization", "COOKIE", "x-api-key", "Proxy-Authorization"])
def test_no_answer_shows_them(harness: Harness, vera: Caller, name: str) -> None:
    """Neither one job nor a list does; the rest of the payload is as it was."""
    sent = {"rest": {"headers": {name: SECRET, "Accept": "text/plain"}}, "text": "hello"}
    job = harness.put(payload=msgspec.Raw(msgspec.json.encode(sent)))
    one = vera.get(f"/v1/jobs/{job.id}")
    assert one.json is not None
    assert one.json["payload"] == {
        "rest": {"headers": {name: "[redacted]", "Accept": "text/plain"}},
        "text": "hello",
    }
    assert "s3cr3t" not in one.text + vera.get("/v1/jobs").text
    kept = harness.store.get(job.id)
    assert kept is not None
    assert "s3cr3t" in bytes(kept.payload).decode()


@pytest.mark.parametrize(
    "payload",
    [
        b'{"n": 1.50}',
        b'{"authorization":  "by whom"}',
        b'{"headers": {"Authorization":  {"$secret": "github-token"}}}',
        b'{"headers": ["Cookie"]}',
        b'{"headers":  {"deep": {"Cookie": "x"}}}',
        b'"\\u00e4 cookie"',
    ],
)
def test_what_is_no_credential_is_shown_as_it_came(payload: bytes) -> None:
    """Names elsewhere, and references to secrets, say nothing."""
    assert bytes(without_credentials(msgspec.Raw(payload))) == payload


def test_a_name_with_escapes() -> None:
    """It is the same name."""
    shown = without_credentials(msgspec.Raw(b'{"headers": {"\\u0043ookie": "s3cr3t"}}'))
    assert bytes(shown) == b'{"headers":{"Cookie":"[redacted]"}}'
