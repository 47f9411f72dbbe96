"""Webhooks as data: who hears what, how one is doing, what signs, and who listens."""

from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest

from jobs.errors import StoreUnavailable, VersionConflict
from jobs.events.model import EventType
from jobs.memory.events import MemoryEventStore
from jobs.memory.webhooks import MemoryWebhookStore
from jobs.webhooks import health
from jobs.webhooks.keys import TRIES, notify_key
from jobs.webhooks.listeners import AT_ONCE, LIST_HOLDS, Listeners
from jobs.webhooks.model import DisabledReason, NotifyKey, Webhook
from jobs.webhooks.signing import SECRET_BYTES, SigningSecrets, new_secret, signed_headers
from tests.factories import MINUTE, T0, Clock, a_job, a_webhook

DAY = timedelta(days=1)
FAILED = EventType.JOB_FAILED


@pytest.mark.parametrize(
    ("changes", "hears"),
    [
        ({}, True),
        ({"events": (FAILED,)}, True),
        ({"events": (EventType.JOB_SUCCEEDED,)}, False),
        ({"types": ("words.say",)}, True),
        ({"types": ("words.*", "x")}, True),
        ({"types": ("*",)}, True),
        ({"types": ("word.*",)}, False),
        ({"labels": {"team": "blue"}}, True),
        ({"labels": {"team": "blue", "tier": "one"}}, False),
        ({"labels": {"team": ""}}, False),
        ({"owner": "user:bob@example.com"}, False),
        ({"enabled": False}, False),
    ],
)
def test_who_hears_what(changes: dict[str, Any], hears: bool) -> None:
    """All filters must hold, an empty one holds always; and jobs of others are never heard of."""
    job = a_job(labels={"team": "blue", "more": "x"})
    assert a_webhook(**changes).hears(FAILED, job) is hears


def test_hearing_of_webhooks() -> None:
    """A webhook hears of its owner's others, and not of itself."""
    one, other = a_webhook(), a_webhook(id="f" * 32)
    bobs = a_webhook(id="e" * 32, owner="user:bob@example.com")
    kind = EventType.WEBHOOK_DISABLED
    assert other.hears_of_webhook(kind, one)
    assert not one.hears_of_webhook(kind, one)
    assert not bobs.hears_of_webhook(kind, one)
    assert not a_webhook(id="d" * 32, events=(FAILED,)).hears_of_webhook(kind, one)


def test_health() -> None:
    """Failing begins with the first failure and ends with a success; each is written once."""
    well = a_webhook()
    assert health.succeeded(well) is well
    failing = health.failed(well, T0, last=False)
    assert failing.failing_since == T0
    assert health.failed(failing, T0 + DAY, last=True) is failing
    assert health.succeeded(failing) == well


@pytest.mark.parametrize(
    ("after", "last", "off"),
    [(4.99 * DAY, True, False), (5 * DAY, False, False), (5 * DAY, True, True)],
)
def test_switched_off(after: timedelta, last: bool, off: bool) -> None:
    """Five days of failure switch off when a delivery is given up, and not before."""
    failing = a_webhook(failing_since=T0)
    changed = health.failed(failing, T0 + after, last=last)
    assert changed.enabled is not off
    assert changed.disabled_reason is (DisabledReason.FAILING if off else None)


def test_throttled() -> None:
    """A pause is written once while it lasts, and is an hour at most."""
    webhook = a_webhook()
    paused = health.throttled(webhook, T0, MINUTE)
    assert paused.throttled_until == T0 + MINUTE
    assert health.throttled(paused, T0 + MINUTE / 2, MINUTE) is paused
    later = health.throttled(paused, T0 + MINUTE, 9 * DAY)
    assert later.throttled_until == T0 + MINUTE + timedelta(hours=1)


def test_switched_on() -> None:
    """A webhook that is switched on again begins anew."""
    off = health.gone(a_webhook(failing_since=T0, throttled_until=T0))
    assert (off.enabled, off.disabled_reason) == (False, DisabledReason.GONE)
    assert health.gone(off) is off
    assert health.switched_on(off) == a_webhook()


def test_secrets() -> None:
    """A secret has 32 random bytes, between the 24 and 64 that the specification asks for."""
    first, second = (new_secret(lambda n: bytes([n]) * n) for _ in range(2))
    assert first == second
    assert first.startswith("whsec_")
    assert len(b64decode(first.removeprefix("whsec_"))) == SECRET_BYTES
    assert 24 <= SECRET_BYTES <= 64


def test_rotation() -> None:
    """Two rotations in a day leave the last two secrets signing."""
    secrets = SigningSecrets(current="a").rotated("b", T0).rotated("c", T0 + DAY / 2)
    assert secrets.at(T0 + DAY) == ("c", "b")
    assert secrets.at(T0 + 1.5 * DAY) == ("c",)


def test_the_specifications_example() -> None:
    """The signature is that of the reference implementations' own test."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    moment = T0.fromtimestamp(1614265330, T0.tzinfo)
    headers = signed_headers(
        [secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, b'{"test": 2432232314}'
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


class Asked(MemoryWebhookStore):
    """Counts how often the list is fetched, and may be away."""

    def __init__(self) -> None:
        super().__init__(MemoryEventStore())
        self.asked = 0
        self.away = False

    def list_enabled(self, limit: int, *, owner: str | None = None) -> list[Webhook]:
        self.asked += 1
        if self.away:
            raise StoreUnavailable
        return super().list_enabled(limit, owner=owner)


def test_one_look_a_minute() -> None:
    """However many jobs end, those who listen are asked for once a minute."""
    store, clock = Asked(), Clock()
    listeners = Listeners(store, clock.runtime)
    for _ in range(100):
        assert listeners.of_job(FAILED, a_job()) == ()
    assert store.asked == 1
    made = store.create(a_webhook())
    assert listeners.of_job(FAILED, a_job()) == ()
    clock.move(LIST_HOLDS)
    assert listeners.of_job(FAILED, a_job()) == (made.id,)
    assert store.asked == 2


def test_nobody_is_deaf_because_others_have_many() -> None:
    """However many webhooks others make, the oldest of them all hears of its owner's jobs."""
    store, clock = Asked(), Clock()
    listeners = Listeners(store, clock.runtime)
    mine = store.create(a_webhook(id="mine", created_at=T0))
    for number in range(AT_ONCE + 1):
        owner, at = f"user:{number}@example.com", T0 + DAY
        store.create(a_webhook(id=f"{number}", owner=owner, created_at=at))
    for _ in range(100):
        assert listeners.of_job(FAILED, a_job()) == (mine.id,)
        assert listeners.of_job(FAILED, a_job(owner="user:7@example.com")) == ("7",)
    assert store.asked == 3, "one list of all, and one for each of both owners"


def test_a_cut_is_never_silent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Where not even one owner's webhooks can be read in full, the log says so as an error."""
    monkeypatch.setattr("jobs.webhooks.listeners.AT_ONCE", 2)
    monkeypatch.setattr("jobs.webhooks.listeners.MOST_OF_OWNER", 3)
    store = Asked()
    for number in range(3):
        store.create(a_webhook(id=f"{number}"))
    assert len(Listeners(store, Clock().runtime).of_job(FAILED, a_job())) == 3
    assert [(one.levelname, one.getMessage()) for one in caplog.records] == [
        ("ERROR", "list.cut"),
    ]


def test_ones_own_change_is_seen_at_once() -> None:
    """The process that changed a webhook does not go by what it knew before."""
    store = Asked()
    listeners = Listeners(store, Clock().runtime)
    assert listeners.of_job(FAILED, a_job()) == ()
    made = store.create(a_webhook())
    listeners.forget()
    assert listeners.of_job(FAILED, a_job()) == (made.id,)


def test_an_old_list_is_not_gone_by() -> None:
    """Where the list can't be had, the change fails rather than be told to too few."""
    store, clock = Asked(), Clock()
    listeners = Listeners(store, clock.runtime)
    listeners.of_job(FAILED, a_job())
    store.away = True
    assert listeners.of_job(FAILED, a_job()) == ()
    clock.move(LIST_HOLDS)
    with pytest.raises(StoreUnavailable):
        listeners.of_job(FAILED, a_job())
    # A clock that is set back must not hold an old list for ever.
    store.away = False
    clock.move(-DAY)
    listeners.of_job(FAILED, a_job())
    assert store.asked == 3


class Quicker(MemoryWebhookStore):
    """Somebody else always makes the key first, and takes it away again."""

    def __init__(self) -> None:
        super().__init__(MemoryEventStore())
        self.tries = 0

    def keep_notify_key(self, key: NotifyKey, before: NotifyKey | None) -> NotifyKey:
        self.tries += 1
        kept = super().keep_notify_key(key, before)
        self._keys.delete(kept.id, kept.version)
        raise VersionConflict


def test_keys_are_made_once() -> None:
    """Two who need a principal's first key at once sign with the same one."""
    store = MemoryWebhookStore(MemoryEventStore())
    first = notify_key(store, "user:ada", T0, lambda n: b"x" * n)
    assert notify_key(store, "user:ada", T0, lambda n: b"y" * n) == first
    quicker = Quicker()
    with pytest.raises(VersionConflict):
        notify_key(quicker, "user:ada", T0, lambda n: b"x" * n)
    assert quicker.tries == TRIES


def test_nothing_prints_a_secret() -> None:
    """What holds secrets shows none where it is printed."""
    webhook = a_webhook()
    key = NotifyKey(id="1", owner="user:ada", created_at=T0, secrets=webhook.secrets)
    assert "AAAA" not in f"{webhook!r} {key!r} {webhook.secrets!r}"
