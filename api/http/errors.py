"""What can go wrong at the API's own door, beside what `jobs` and `identity` name.

A class's docstring is its message where the raiser gives none.
"""

from collections.abc import Mapping

from jobs.errors import DormouseError


class JobTypeNotFound(DormouseError):
    """There is no such job type."""

    code = "job_type_not_found"


class PathNotFound(DormouseError):
    """There is nothing at this path. GET /docs shows what there is."""

    code = "not_found"


class MethodNotAllowed(DormouseError):
    """This path does not take this method. The header `Allow` names those that it takes.

    An id that ends in a verb such as `:cancel`, also with its colon escaped, is another path.
    """

    code = "method_not_allowed"


class RequestTooLarge(DormouseError):
    """The request's body is larger than this service takes."""

    code = "request_too_large"


class UriTooLong(DormouseError):
    """The path and the query together are longer than this service takes."""

    code = "uri_too_long"


class HeadersTooLarge(DormouseError):
    """The request's headers are too many, or one is too long."""

    code = "headers_too_large"


class UnsupportedMediaType(DormouseError):
    """Send the body as `Content-Type: application/json`, without a `Content-Encoding`."""

    code = "unsupported_media_type"


class RateLimited(DormouseError):
    """You submit faster than this deployment lets you. `Retry-After` says when to go on."""

    code = "rate_limited"
    retryable = True

    def __init__(
        self, seconds: int = 1, message: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.headers = {"Retry-After": str(seconds), **(headers or {})}


class TooManyOpenJobs(RateLimited):
    """You have as many jobs that have not ended as this deployment lets you have."""

    code = "too_many_open_jobs"


class TooManyWatchers(DormouseError):
    """As many watch jobs here as this instance takes. `Retry-After` says when to try again."""

    code = "too_many_watchers"
    retryable = True


class InternalError(DormouseError):
    """Something went wrong on our side. The logs know more, under the `request_id`."""

    code = "internal"
