"""What rings the worker: the port that `pubsub` and `memory` implement, under one test suite."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from jobs.errors import UndecodableTicket
from jobs.model import Job, Version

SNAPSHOT_LIMIT = 8 * 1024
"""Tickets above this many bytes leave the job out, and the worker reads it from the store.

A read costs as much as about 4 KiB of message, but also a round trip before the work starts.
"""


class Ticket(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The message that rings the worker for one job in one version.

    It only rings: losing it, or getting it twice or late, is harmless. `job` is the document as
    it was in that version, and spares the worker a read. `traceparent` is the span that rang, where
    there is telemetry.
    """

    job_id: str
    version: Version
    job: Job | None = None
    traceparent: str | None = None

    @classmethod
    def to(cls, job: Job) -> "Ticket":
        """The ticket for this saved job."""
        return cls(job_id=job.id, version=job.version, job=job)

    def encode(self) -> bytes:
        data = _encoder.encode(self)
        if len(data) > SNAPSHOT_LIMIT:
            return _encoder.encode(msgspec.structs.replace(self, job=None))
        return data

    @classmethod
    def decode(cls, data: bytes) -> "Ticket":
        """Raises `UndecodableTicket`. Fields that a newer release added are ignored."""
        try:
            ticket = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UndecodableTicket(f"The message is not a ticket: {error}") from error
        if ticket.job and (ticket.job.id, ticket.job.version) != (ticket.job_id, ticket.version):
            raise UndecodableTicket("The ticket carries another job than it names.")
        return ticket


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Ticket)


class Queue(Protocol):
    """Delivers each ticket at least once to the worker, soon, in any order."""

    def ring(self, tickets: Sequence[Ticket]) -> None:
        """Returns once the queue has taken all the tickets. Raises `QueueUnavailable`."""
        ...

    def ping(self) -> None:
        """Returns if the queue answers."""
        ...
