"""The keys that sign the notifications of jobs: one of each principal, made when it is needed."""

from collections.abc import Callable
from datetime import datetime

from jobs.errors import VersionConflict
from jobs.webhooks.model import NotifyKey
from jobs.webhooks.signing import SigningSecrets, new_secret
from jobs.webhooks.store import WebhookStore

TRIES = 8


def notify_key(
    store: WebhookStore, owner: str, now: datetime, random_bytes: Callable[[int], bytes]
) -> NotifyKey:
    """The principal's key; a fresh one if it had none, which nobody has been shown yet.

    Raises `StoreUnavailable`, `VersionConflict`.
    """
    for _ in range(TRIES):
        if key := store.notify_key(owner):
            return key
        try:
            return store.keep_notify_key(_fresh(owner, now, random_bytes), None)
        except VersionConflict:
            continue
    raise VersionConflict


def rotate_notify_key(
    store: WebhookStore, owner: str, now: datetime, random_bytes: Callable[[int], bytes]
) -> NotifyKey:
    """The principal's key with a fresh secret. Raises `StoreUnavailable`, `VersionConflict`."""
    before = store.notify_key(owner)
    if before is None:
        return store.keep_notify_key(_fresh(owner, now, random_bytes), None)
    return store.keep_notify_key(before.rotated(new_secret(random_bytes), now), before)


def _fresh(owner: str, now: datetime, random_bytes: Callable[[int], bytes]) -> NotifyKey:
    secrets = SigningSecrets(current=new_secret(random_bytes))
    return NotifyKey(id=NotifyKey.id_of(owner), owner=owner, created_at=now, secrets=secrets)
