"""Deliveries of webhooks, read by the client. The fake sends none."""

import pytest
from dormouse import RemoteError

from tests.client.conftest import blocking
from tests.e2e.system import System

HOOK = "https://shop.example.com/hook"


def test_a_webhooks_deliveries_are_shown(stack: System) -> None:
    """Its test is one of them, and can't be sent again while it is under way."""
    with blocking(stack) as client:
        webhook = client.webhooks.create(HOOK)
        sent = client.webhooks.test(webhook.id)
        assert sent.event_type == "webhook.test"
        assert [one.id for one in client.webhooks.deliveries(webhook.id)] == [sent.id]
        client.webhooks.delete(webhook.id)
        with pytest.raises(RemoteError):
            client.webhooks.redeliver(webhook.id, sent.id)


def test_a_jobs_notifications_are_shown(stack: System) -> None:
    """Signed with a secret that is shown once."""
    with blocking(stack) as client:
        assert client.webhooks.rotate_notify_secret().secret.startswith("whsec_")
        job = client.submit("client.echo", {"value": 1}, notify=HOOK)
        assert job.notify is not None
        assert job.notify.url == HOOK
        job.result(timeout=60)
        found = list(client.webhooks.notifications(job.id))
        assert {one.event_type for one in found} <= {"job.succeeded"}
