"""What every store of webhooks promises: the same tests over memory and over Firestore."""

from datetime import timedelta

import msgspec
import pytest

from jobs.errors import VersionConflict
from jobs.events.model import EventType
from jobs.events.store import EventStore
from jobs.job.model import NO_VERSION
from jobs.job.store import Cursor
from jobs.webhooks.model import DisabledReason, NotifyKey, Webhook
from jobs.webhooks.signing import SigningSecrets
from jobs.webhooks.store import WebhookStore
from tests.factories import GARBAGE_VERSION, T0, a_webhook, an_event

SECOND = timedelta(seconds=1)
ADA, BOB = "user:ada@example.com", "firebase:bob/1"

FULL = a_webhook(
    id="f" * 32,
    description="böse 🐭\n",
    events=(EventType.JOB_FAILED, EventType.WEBHOOK_DISABLED),
    types=("http.*", "words.say"),
    labels={"team": "blau", "empty": ""},
    enabled=False,
    disabled_reason=DisabledReason.FAILING,
    failing_since=T0 - timedelta(days=6),
    throttled_until=T0 + SECOND,
    secrets=SigningSecrets(current="whsec_a", previous="whsec_b", previous_until=T0),
)


@pytest.mark.parametrize("webhook", [a_webhook(), FULL], ids=["small", "full"])
def test_kept_as_it_is(webhooks: WebhookStore, webhook: Webhook) -> None:
    """A webhook is kept exactly, and has a version."""
    kept = webhooks.create(webhook)
    assert kept.version != NO_VERSION
    assert kept.evolve(version=NO_VERSION) == webhook
    assert webhooks.get(webhook.id) == kept


def test_what_is_not_there(webhooks: WebhookStore) -> None:
    """A webhook that there is not is no error, and can't be changed."""
    assert webhooks.get("f" * 32) is None
    absent = a_webhook(version=GARBAGE_VERSION)
    with pytest.raises(VersionConflict):
        webhooks.save(absent.evolve(url="https://example.com/new"), before=absent)
    with pytest.raises(VersionConflict):
        webhooks.delete(absent.id, absent.version)


def test_created_once(webhooks: WebhookStore) -> None:
    """A webhook can't be created over another one."""
    kept = webhooks.create(a_webhook())
    with pytest.raises(VersionConflict):
        webhooks.create(a_webhook(url="https://example.com/other"))
    assert webhooks.get(kept.id) == kept


def test_saved_by_one(webhooks: WebhookStore, webhook_events: EventStore) -> None:
    """Of two who change the same version one wins; the other's event is not kept either."""
    first = webhooks.create(FULL)
    kept = webhooks.save(first.evolve(enabled=True, disabled_reason=None), before=first)
    assert webhooks.get(FULL.id) == kept
    with pytest.raises(VersionConflict):
        webhooks.save(first.evolve(labels={}), before=first, event=an_event())
    assert webhook_events.get(an_event().id) is None
    again = webhooks.save(kept.evolve(labels={}), before=kept, event=an_event())
    assert webhooks.get(FULL.id) == again
    assert webhook_events.get(an_event().id) == an_event()


def test_deleted(webhooks: WebhookStore) -> None:
    """A webhook is deleted in the version that was looked at only."""
    first = webhooks.create(a_webhook())
    second = webhooks.save(first.evolve(description="new"), before=first)
    with pytest.raises(VersionConflict):
        webhooks.delete(first.id, first.version)
    webhooks.delete(second.id, second.version)
    assert webhooks.get(first.id) is None


def test_lists(webhooks: WebhookStore) -> None:
    """Lists are newest first, of everybody or of one owner, and go on from where a page ended."""
    made = [
        webhooks.create(
            a_webhook(
                id=f"{n:032x}",
                owner=(ADA, BOB)[n % 2],
                created_at=T0 + n // 3 * SECOND,
                enabled=n != 4,
            )
        )
        for n in range(7)
    ]
    newest = made[::-1]
    assert webhooks.list_webhooks(10) == newest
    assert webhooks.list_webhooks(10, owner=BOB) == [made[5], made[3], made[1]]
    page = webhooks.list_webhooks(3)
    after = Cursor(page[-1].created_at, page[-1].id)
    assert page + webhooks.list_webhooks(10, after) == newest
    assert webhooks.list_enabled(10) == [one for one in newest if one.enabled]
    assert webhooks.list_enabled(2) == newest[:2]


def test_notify_keys(webhooks: WebhookStore) -> None:
    """Each principal has one key; it is made once, and changed by one at a time."""
    key = NotifyKey(
        id=NotifyKey.id_of(BOB),
        owner=BOB,
        created_at=T0,
        secrets=SigningSecrets(current="whsec_a"),
    )
    assert webhooks.notify_key(BOB) is None
    kept = webhooks.keep_notify_key(key, None)
    assert webhooks.notify_key(BOB) == kept
    assert msgspec.structs.replace(kept, version=NO_VERSION) == key
    with pytest.raises(VersionConflict):
        webhooks.keep_notify_key(key, None)
    rotated = webhooks.keep_notify_key(kept.rotated("whsec_b", T0), kept)
    assert webhooks.notify_key(BOB) == rotated
    assert rotated.secrets.at(T0) == ("whsec_b", "whsec_a")
    with pytest.raises(VersionConflict):
        webhooks.keep_notify_key(kept.rotated("whsec_c", T0), kept)
    assert webhooks.notify_key(ADA) is None
