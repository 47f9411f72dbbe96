"""What can go wrong at the API's own door, beside what `jobs` and `identity` name.

A class's docstring is its message where the raiser gives none.
"""

from jobs.errors import DormouseError


class JobTypeNotFound(DormouseError):
    """There is no such job type."""

    code = "job_type_not_found"


class PathNotFound(DormouseError):
    """There is nothing at this path. GET /docs shows what there is."""

    code = "not_found"


class MethodNotAllowed(DormouseError):
    """This path does not take this method. The header `Allow` names those that it takes."""

    code = "method_not_allowed"


class RequestTooLarge(DormouseError):
    """The request's body is larger than this service takes."""

    code = "request_too_large"


class UnsupportedMediaType(DormouseError):
    """Send the body as `Content-Type: application/json`, without a `Content-Encoding`."""

    code = "unsupported_media_type"


class InternalError(DormouseError):
    """Something went wrong on our side. The logs know more, under the `request_id`."""

    code = "internal"
