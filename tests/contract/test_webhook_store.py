"""What every store of webhooks promises: the same tests over memory and over Firestore."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import grpc
import msgspec
import pytest

from jobs.errors import VersionConflict
from jobs.events.model import EventType
from jobs.events.store import EventStore
from jobs.gcp.firestore import Firestore, FirestoreWebhookStore
from jobs.gcp.firestore.records import Records
from jobs.gcp.firestore.webhooks import COLLECTION
from jobs.job.model import NO_VERSION
from jobs.job.store import Cursor
from jobs.settings.settings import Settings
from jobs.webhooks.model import DisabledReason, NotifyKey, TooManyWebhooks, Webhook
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
        webhooks.delete(absent)


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
        webhooks.delete(first)
    webhooks.delete(second)
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
    assert webhooks.list_enabled(10, owner=ADA) == [made[6], made[2], made[0]]


def test_no_race_makes_more_than_there_may_be(webhooks: WebhookStore) -> None:
    """Of many requests at once so many are kept as the owner may have; the others are told."""
    webhooks.create(a_webhook(id="0" * 32, owner=BOB))

    def create(number: int) -> bool:
        try:
            webhooks.create(a_webhook(id=f"{number:032x}", owner=ADA), most=3)
        except TooManyWebhooks:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        made = list(threads.map(create, range(1, 13)))
    assert made.count(True) == 3
    assert len(webhooks.list_webhooks(20, owner=ADA)) == 3


def test_a_deleted_one_makes_room(webhooks: WebhookStore) -> None:
    """Who deletes a webhook may create another, however often; others don't count."""
    for number in range(6):
        kept = webhooks.create(a_webhook(id=f"{number:032x}"), most=1)
        with pytest.raises(TooManyWebhooks):
            webhooks.create(a_webhook(id="f" * 32), most=1)
        webhooks.create(a_webhook(id=f"{number + 100:032x}", owner=BOB), most=9)
        changed = webhooks.save(kept.evolve(description="new"), before=kept)
        webhooks.delete(changed)


@pytest.mark.emulators
def test_those_made_before_there_were_quotas_count(
    firestore_channel: grpc.Channel, emulated: Settings
) -> None:
    """A quota that is not there, or names what is gone, is made from what there is."""
    firestore = Firestore(firestore_channel, emulated)
    webhooks, records = FirestoreWebhookStore(firestore), Records(firestore, COLLECTION, Webhook)
    old = [records.create(a_webhook(id=f"{number:032x}")) for number in range(2)]
    with pytest.raises(TooManyWebhooks):
        webhooks.create(a_webhook(id="e" * 32), most=2)
    webhooks.delete(old[0])
    webhooks.create(a_webhook(id="e" * 32), most=2)
    records.delete(old[1].id, old[1].version)
    webhooks.create(a_webhook(id="f" * 32), most=2)
    with pytest.raises(TooManyWebhooks):
        webhooks.create(a_webhook(id="d" * 32), most=2)


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
