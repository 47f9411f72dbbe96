"""What receivers read: the body of a webhook, and the message on the events topic.

`docs/event.schema.json` is made of these types, by `schema`. A version only ever gets more members.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from jobs.events.model import EventType
from jobs.job.model import Job, JobError, Moment, Status

VERSION: Final = 1
MAX_RESULT_BYTES: Final = 16 * 1024
"""Standard Webhooks asks for bodies below 20 kB."""

JobEventType = Literal["job.succeeded", "job.failed", "job.cancelled", "job.retrying"]
WebhookEventType = Literal["webhook.disabled", "webhook.test"]


class ErrorSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Why the latest attempt failed."""

    code: str
    message: str
    type: str | None


class JobSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The job as it was when it happened, named as in the API. Its payload is left out."""

    id: str
    type: str
    status: Status
    owner: str
    labels: Mapping[str, str]
    attempt: int
    max_attempts: int
    result: Annotated[
        msgspec.Raw | None,
        Meta(description="Null as well where it has more than 16 KiB: see `result_left_out`."),
    ]
    result_left_out: Annotated[
        bool, Meta(description="Whether there is a result that is too large; get it from the API.")
    ]
    error: ErrorSnapshot | None
    created_at: Moment
    run_at: Annotated[Moment, Meta(description="The next attempt starts no earlier.")]
    started_at: Moment | None
    finished_at: Moment | None


class WebhookSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The webhook as it was when it happened."""

    id: str
    url: str
    enabled: bool
    disabled_reason: str | None
    failing_since: Moment | None


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    id: Annotated[str, Meta(description="The same in every delivery: the header `webhook-id`.")]
    timestamp: Annotated[Moment, Meta(description="When it happened.")]
    version: Literal[1] = VERSION


class JobMessage(_Message, frozen=True, kw_only=True):
    """Something happened to a job."""

    type: JobEventType
    data: JobSnapshot


class WebhookMessage(_Message, frozen=True, kw_only=True):
    """Something happened to a webhook."""

    type: WebhookEventType
    data: WebhookSnapshot


def job_message(event_id: str, event_type: EventType, at: datetime, job: Job) -> str:
    """The JSON text that tells of the job."""
    left_out = job.result is not None and len(job.result.encode()) > MAX_RESULT_BYTES
    shown = None if job.result is None or left_out else msgspec.Raw(job.result.encode())
    told = JobSnapshot(
        **{name: getattr(job, name) for name in _AS_THEY_ARE},
        result=shown,
        result_left_out=left_out,
        error=_told(job.error),
    )
    return _text(event_id, event_type, at, told)


def _told(error: JobError | None) -> ErrorSnapshot | None:
    if error is None:
        return None
    return ErrorSnapshot(code=error.code, message=error.message, type=error.type)


def webhook_message(
    event_id: str, event_type: EventType, at: datetime, webhook: WebhookSnapshot
) -> str:
    """The JSON text that tells of the webhook."""
    return _text(event_id, event_type, at, webhook)


_MADE = {"result", "result_left_out", "error"}
_AS_THEY_ARE = tuple(name for name in JobSnapshot.__struct_fields__ if name not in _MADE)


def _text(
    event_id: str, event_type: EventType, at: datetime, data: JobSnapshot | WebhookSnapshot
) -> str:
    # Written in the order in which people read it.
    message = {
        "version": VERSION,
        "id": event_id,
        "type": event_type,
        "timestamp": at,
        "data": data,
    }
    return msgspec.json.encode(message).decode()
