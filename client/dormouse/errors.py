"""Everything that the client raises. Each message says what to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dormouse.model import JobState


class DormouseError(Exception):
    """The kind of everything below."""


class ConfigurationError(DormouseError):
    """The client does not know where the service is, or was asked for what can't be."""


class IdentityError(DormouseError):
    """There is no identity token to be had, or the service refuses it: see `dormouse doctor`."""


class NotReached(DormouseError):
    """No answer came within the deadline, whatever was tried.

    A submission may have been kept nevertheless. Repeat it under the same idempotency key.
    """


class RemoteError(DormouseError):
    """The service refused. `code` is stable; `detail` is for people.

    `retry_after` is in seconds, where the service said how long to wait.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        detail: str,
        retryable: bool = False,
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.retryable = retryable
        self.request_id = request_id
        self.retry_after = retry_after
        super().__init__(f"{code} ({status}): {detail}{self._advice()}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors go between processes by pickle, which knows nothing of names of arguments."""
        return (_rebuilt, (type(self), dict(self.__dict__)))

    def _advice(self) -> str:
        id_ = f" Its log has it under request id {self.request_id}." if self.request_id else ""
        if advice := _ADVICE.get(self.code):
            return f" {advice}"
        return f" Try again later.{id_}" if self.retryable else id_


class NotFound(RemoteError):
    """There is no such thing, or it is somebody else's."""


class Unauthenticated(RemoteError, IdentityError):
    """The service refuses the identity token."""


class PermissionDenied(RemoteError, IdentityError):
    """The caller has no role that allows this."""


_ADVICE = {
    "unauthenticated": "Run `dormouse doctor`: it says which link of the identity is missing.",
    "permission_denied": "Ask the deployment's owner for a role, in DORMOUSE_ROLES.",
    "idempotency_key_reused": "Use another key for another job, or send the same request.",
    "unknown_job_type": "`dormouse types` lists the job types.",
    "rate_limited": "Submit more slowly, or raise the client's `timeout`.",
    "too_many_open_jobs": "Wait until some of your jobs have ended.",
    "status_conflict": "Fetch the job to see its status.",
    "payload_too_large": "Put the data in Cloud Storage, and its name in the payload.",
    "invalid_page_token": "Start the list anew.",
}

_BY_STATUS: dict[int, type[RemoteError]] = {
    401: Unauthenticated,
    403: PermissionDenied,
    404: NotFound,
}


def kind_of(status: int) -> type[RemoteError]:
    """The class of errors of this HTTP status."""
    return _BY_STATUS.get(status, RemoteError)


class UnexpectedAnswer(DormouseError):
    """An answer that no Dormouse gives: look at the URL, or update the client."""


class ResultMismatch(DormouseError):
    """The job succeeded, and its result does not fit the type that was asked for."""


def _rebuilt(kind: type[RemoteError], fields: dict[str, Any]) -> RemoteError:
    return kind(**fields)


class JobEnded(DormouseError):
    """The job ended without a result. `job` is the job as it is."""

    def __init__(self, message: str, job: "JobState") -> None:
        self.job = job
        super().__init__(message)


class JobFailed(JobEnded):
    """The job failed for good: `job.error` says why."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.job.bare(),))

    def __init__(self, job: "JobState") -> None:
        error = job.error
        self.code = error.code if error else "unknown"
        said = f"{error.code}: {error.message}" if error else "without an error"
        super().__init__(
            f"Job {job.id} ({job.type}) failed after {job.attempt} of {job.max_attempts} attempts,"
            f" {said}. `job.retry()` queues it again.",
            job,
        )


class JobCancelled(JobEnded):
    """Somebody cancelled the job."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.job.bare(),))

    def __init__(self, job: "JobState") -> None:
        super().__init__(
            f"Job {job.id} ({job.type}) was cancelled. `job.retry()` queues it again.", job
        )


class NotFinished(DormouseError, TimeoutError):
    """The job had not ended in time. It goes on: wait again, or cancel it."""

    def __init__(self, job: "JobState", seconds: float) -> None:
        self.job = job
        self.seconds = seconds
        super().__init__(
            f"Job {job.id} ({job.type}) is still {job.status} after {seconds:g} s."
            " It goes on: wait again, or cancel it."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.job.bare(), self.seconds))


class SubmissionsFailed(DormouseError):
    """Some of many jobs were refused. `jobs` has the others in their places, None for those.

    `errors` are the refusals. Each batch of at most 500 is made as a whole or not at all.
    """

    def __init__(self, jobs: Sequence["JobState | None"], errors: Sequence[DormouseError]) -> None:
        self.jobs = jobs
        self.errors = errors
        missing = sum(job is None for job in jobs)
        super().__init__(
            f"{missing} of {len(jobs)} jobs were not submitted: {errors[0]}"
            " Submit those where `jobs` has None again."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.jobs, self.errors))
