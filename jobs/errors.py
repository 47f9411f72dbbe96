"""What can go wrong, with codes that callers may rely on. HTTP statuses are the API's business.

A class's docstring is its message where the raiser gives none.
"""

import inspect
from typing import ClassVar


class DormouseError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or inspect.cleandoc(type(self).__doc__ or ""))


class InvalidRequest(DormouseError):
    """The request is not of the documented form."""

    code = "invalid_request"


class UnknownJobType(InvalidRequest):
    """There is no such job type."""

    code = "unknown_job_type"


class InvalidPageToken(InvalidRequest):
    """The page token is not one that this list gave for these filters."""

    code = "invalid_page_token"


class PayloadTooLarge(DormouseError):
    """The payload is larger than a job may carry."""

    code = "payload_too_large"


class IdempotencyKeyReused(DormouseError):
    """The idempotency key was used before, for another request."""

    code = "idempotency_key_reused"


class JobNotFound(DormouseError):
    """There is no such job, or it is not yours."""

    code = "job_not_found"


class JobExists(DormouseError):
    """A job with this id exists already."""

    code = "job_exists"


class TransitionRefused(DormouseError):
    """The job's status does not allow this."""

    code = "status_conflict"


class VersionConflict(DormouseError):
    """The job was changed by someone else in the meantime."""

    code = "version_conflict"
    retryable = True


class StoreUnavailable(DormouseError):
    """The job store can't be reached. Whether the last change was kept is not known."""

    code = "store_unavailable"
    retryable = True


class Unreadable(StoreUnavailable):
    """What is kept under this id can't be read by this release. A newer one may have written it."""

    code = "unreadable"


class QueueUnavailable(DormouseError):
    """The queue can't be reached."""

    code = "queue_unavailable"
    retryable = True


class UndecodableMessage(DormouseError):
    """The message is not a job message."""

    code = "undecodable_message"


class UndecodableEvent(DormouseError):
    """The request is not an event."""

    code = "undecodable_event"


class SettingsError(DormouseError):
    """A setting is missing or wrong."""

    code = "settings"
