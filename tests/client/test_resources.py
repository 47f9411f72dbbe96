"""Schedules, webhooks and dead letters, whoever answers and however the client waits."""

from datetime import UTC, datetime, timedelta

import pytest
from dormouse import ConfigurationError, Dormouse, NotFound, RemoteError
from dormouse.webhooks import NotGenuine, verify
from standardwebhooks import Webhook as Signer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = '{"type": "job.failed", "data": {"id": "1"}}'


def test_a_schedule_lives(client: Dormouse) -> None:
    """Made, shown, paused, changed, resumed, run, deleted."""
    made = client.schedules.create(
        "client.echo", {"value": 3}, cron="0 9 * * MON-FRI", time_zone="Europe/Berlin"
    )
    assert (made.state, made.cron, made.time_zone) == ("active", "0 9 * * MON-FRI", "Europe/Berlin")
    assert len(made.next_times) == 5
    assert client.schedules.pause(made.id).state == "paused"
    assert client.schedules.update(made.id, description="mornings").description == "mornings"
    assert client.schedules.resume(made.id).state == "active"
    assert client.schedules.run(made.id).result(timeout=60) == {"value": 3}
    assert made.id in [one.id for one in client.schedules.list(type="client.echo")]
    client.schedules.delete(made.id)
    with pytest.raises(NotFound):
        client.schedules.get(made.id)


def test_a_schedule_needs_one_timing(client: Dormouse) -> None:
    """The service's own words come through."""
    with pytest.raises(RemoteError, match="every_seconds"):
        client.schedules.create("client.echo", {"value": 1})


def test_a_webhook_lives(client: Dormouse) -> None:
    """Its secret is shown once, and is in no `repr`."""
    made = client.webhooks.create("https://shop.example.com/hook", events=["job.failed"])
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert made.secret not in repr(made)
    assert client.webhooks.get(made.id).secret is None
    assert client.webhooks.update(made.id, enabled=False).disabled_reason == "by_owner"
    assert client.webhooks.rotate_secret(made.id).secret.startswith("whsec_")
    assert made.id in [one.id for one in client.webhooks.list()]
    client.webhooks.delete(made.id)
    with pytest.raises(NotFound):
        client.webhooks.get(made.id)


def signed(at: datetime) -> dict[str, str]:
    signature = Signer(SECRET).sign("msg_1", at, BODY)
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": signature,
    }


def test_a_genuine_webhook_is_read() -> None:
    """Header names in any case and bodies as bytes or text are accepted."""
    headers = signed(datetime.now(UTC))
    assert verify(headers, BODY.encode(), SECRET)["type"] == "job.failed"
    assert verify({name.lower(): value for name, value in headers.items()}, BODY, SECRET)


@pytest.mark.parametrize(
    ("age", "body", "secret"),
    [
        (timedelta(hours=1), BODY, SECRET),
        (timedelta(), BODY.replace("1", "2"), SECRET),
        (timedelta(), BODY, "whsec_" + "A" * 32),
    ],
)
def test_a_forged_or_old_webhook_is_not(age: timedelta, body: str, secret: str) -> None:
    """A wrong secret, another body, an old signature: each is refused."""
    with pytest.raises(NotGenuine):
        verify(signed(datetime.now(UTC) - age), body, secret)


@pytest.mark.parametrize(
    "changes",
    [
        {"Webhook-Signature": ""},
        {"Webhook-Signature": "v1"},
        {"Webhook-Signature": "v1,a,b"},
        {"Webhook-Signature": "v1,%"},
        {"Webhook-Timestamp": "soon"},
        {"Webhook-Timestamp": "1e99"},
        {"Webhook-Timestamp": "nan"},
    ],
)
def test_malformed_headers_are_not_genuine(changes: dict[str, str]) -> None:
    """Malformed input is refused like a wrong signature, and raises nothing else."""
    with pytest.raises(NotGenuine):
        verify(signed(datetime.now(UTC)) | changes, BODY, SECRET)


def test_bytes_that_are_no_text_are_not_genuine() -> None:
    """Nor do they raise anything else."""
    with pytest.raises(NotGenuine):
        verify(signed(datetime.now(UTC)), b"\xff", SECRET)


def test_a_secret_that_is_none_is_said_to_be() -> None:
    """A wrong setting is no forged webhook."""
    with pytest.raises(ConfigurationError, match="secret"):
        verify(signed(datetime.now(UTC)), BODY, "whsec_?")
