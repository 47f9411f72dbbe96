"""Dispatches jobs to the worker: the port that `pubsub` and `memory` implement."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from jobs.errors import UndecodableMessage
from jobs.job.model import Job, Version

SNAPSHOT_LIMIT = 8 * 1024
"""Job messages above this many bytes leave the job out, and the worker reads it from the store.

A read costs as much as about 4 KiB of message, but also a round trip before the work starts.
"""


class JobMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The message that dispatches one job in one version.

    It is only a wake-up call: losing it, or getting it twice or late, is harmless. `job` is the
    document as it was in that version, and spares the worker a read. `traceparent` is the span that
    rang, where there is telemetry.
    """

    job_id: str
    version: Version
    job: Job | None = None
    traceparent: str | None = None

    @classmethod
    def to(cls, job: Job) -> "JobMessage":
        """The job message for this saved job."""
        return cls(job_id=job.id, version=job.version, job=job)

    def encode(self) -> bytes:
        data = _encoder.encode(self)
        if len(data) > SNAPSHOT_LIMIT:
            return _encoder.encode(msgspec.structs.replace(self, job=None))
        return data

    @classmethod
    def decode(cls, data: bytes) -> "JobMessage":
        """Raises `UndecodableMessage`. Fields that a newer release added are ignored."""
        try:
            job_message = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UndecodableMessage(f"The message is not a job message: {error}") from error
        if job_message.job and (job_message.job.id, job_message.job.version) != (
            job_message.job_id,
            job_message.version,
        ):
            raise UndecodableMessage("The job message carries another job than it names.")
        return job_message


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(JobMessage)


class Queue(Protocol):
    """Delivers each job message at least once to the worker, soon, in any order."""

    def dispatch(self, job_messages: Sequence[JobMessage]) -> None:
        """Returns once the queue has taken all the job messages. Raises `QueueUnavailable`."""
        ...

    def ping(self) -> None:
        """Returns if the queue answers."""
        ...
