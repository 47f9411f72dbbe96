"""Signatures of webhooks, as Standard Webhooks has them: symmetric, `v1`. Pure.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from jobs.job.model import Moment

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
BOTH_SIGN_FOR: Final = timedelta(days=1)


class SigningSecrets(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an endpoint's deliveries are signed with: a secret, and after a rotation the old one."""

    current: str
    previous: str | None = None
    previous_until: Moment | None = None

    def __repr__(self) -> str:
        return "SigningSecrets()"

    def at(self, now: datetime) -> tuple[str, ...]:
        """The secrets that sign now, the current one first."""
        if self.previous and self.previous_until and now < self.previous_until:
            return self.current, self.previous
        return (self.current,)

    def rotated(self, fresh: str, now: datetime) -> "SigningSecrets":
        """A fresh secret; for a day the one that was current signs beside it, none before that."""
        return SigningSecrets(
            current=fresh, previous=self.current, previous_until=now + BOTH_SIGN_FOR
        )


def new_secret(random_bytes: Callable[[int], bytes]) -> str:
    return PREFIX + b64encode(random_bytes(SECRET_BYTES)).decode()


def signed_headers(
    secrets: Sequence[str], message_id: str, now: datetime, body: bytes
) -> dict[str, str]:
    """The three headers of one attempt: the time is the attempt's, the id the message's."""
    seconds = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), seconds.encode(), body))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(_signature(secret, content) for secret in secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return f"v1,{b64encode(hmac.digest(key, content, hashlib.sha256)).decode()}"
