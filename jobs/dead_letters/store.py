"""Messages that could not be delivered: what is kept of them, and where (the port)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import msgspec

from jobs.errors import DormouseError
from jobs.job.store import Cursor


class Reason(StrEnum):
    """Why a message is a dead letter."""

    UNDECODABLE = "undecodable"
    UNDELIVERED = "undelivered"
    UNUSABLE_EVENT = "unusable_event"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message that Pub/Sub gave up on, or an event that no job could be made of.

    `data` is the original message in base64, at most its first 512 KiB. `job_id` is the job that it
    was for, if it can be read. `id` is the message's id, so a letter that arrives twice is kept
    once.
    """

    id: str
    created_at: datetime
    reason: Reason
    detail: str
    data: str
    attributes: Mapping[str, str] = {}
    deliveries: int = 0
    job_id: str | None = None


class DeadLetterNotFound(DormouseError):
    """There is no such dead letter."""

    code = "dead_letter_not_found"


class DeadLetterStore(Protocol):
    """Raises `StoreUnavailable` when it can't be reached in time."""

    def add(self, dead_letter: DeadLetter) -> None:
        """Keep the letter. One that is kept already stays as it is."""
        ...

    def get(self, letter_id: str) -> DeadLetter | None: ...

    def list_dead_letters(
        self, limit: int, after: Cursor | None = None, *, reason: Reason | None = None
    ) -> list[DeadLetter]:
        """At most `limit` letters, newest first, ties by id downwards."""
        ...

    def delete(self, letter_id: str) -> None:
        """Remove the letter, if it is there."""
        ...
