"""Every error as `application/problem+json`, RFC 9457. The one table of statuses stands here."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Final

import msgspec
from flask import Flask, Response, g
from msgspec import Meta
from werkzeug.exceptions import HTTPException

from api.http.errors import (
    HeadersTooLarge,
    InternalError,
    JobTypeNotFound,
    MethodNotAllowed,
    PathNotFound,
    RateLimited,
    RequestTooLarge,
    TooManyOpenJobs,
    TooManyWatchers,
    UnsupportedMediaType,
    UriTooLong,
)
from identity.errors import IdentityUnavailable, PermissionDenied, Unauthenticated
from jobs.dead_letters.store import DeadLetterNotFound
from jobs.errors import (
    DormouseError,
    IdempotencyKeyReused,
    InvalidPageToken,
    InvalidRequest,
    JobNotFound,
    PayloadTooLarge,
    StoreUnavailable,
    TransitionRefused,
    UnknownJobType,
    Unreadable,
    VersionConflict,
)
from jobs.schedules.errors import ScheduleNotFound, TooManySchedules
from jobs.webhooks.model import DeliveryNotFound, TooManyWebhooks, WebhookNotFound

log = logging.getLogger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 5

STATUS: Mapping[type[DormouseError], HTTPStatus] = {
    InvalidRequest: HTTPStatus.BAD_REQUEST,
    UnknownJobType: HTTPStatus.BAD_REQUEST,
    InvalidPageToken: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    PermissionDenied: HTTPStatus.FORBIDDEN,
    JobNotFound: HTTPStatus.NOT_FOUND,
    JobTypeNotFound: HTTPStatus.NOT_FOUND,
    ScheduleNotFound: HTTPStatus.NOT_FOUND,
    DeadLetterNotFound: HTTPStatus.NOT_FOUND,
    WebhookNotFound: HTTPStatus.NOT_FOUND,
    DeliveryNotFound: HTTPStatus.NOT_FOUND,
    TooManyWebhooks: HTTPStatus.CONFLICT,
    PathNotFound: HTTPStatus.NOT_FOUND,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    TransitionRefused: HTTPStatus.CONFLICT,
    VersionConflict: HTTPStatus.CONFLICT,
    TooManySchedules: HTTPStatus.CONFLICT,
    PayloadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RequestTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UriTooLong: HTTPStatus.REQUEST_URI_TOO_LONG,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    HeadersTooLarge: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyOpenJobs: HTTPStatus.TOO_MANY_REQUESTS,
    InternalError: HTTPStatus.INTERNAL_SERVER_ERROR,
    TooManyWatchers: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    Unreadable: HTTPStatus.SERVICE_UNAVAILABLE,
    IdentityUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}

# What Flask itself refuses, by the status that it would answer.
_ERRORS_OF_FLASK: Mapping[int, type[DormouseError]] = {
    HTTPStatus.BAD_REQUEST: InvalidRequest,
    HTTPStatus.NOT_FOUND: PathNotFound,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowed,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: RequestTooLarge,
}


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, as RFC 9457 has it, and three members more."""

    type: Annotated[str, Meta(description="Where the error is explained.")]
    title: Annotated[str, Meta(description="Which error it is, in words.")]
    status: Annotated[int, Meta(description="The HTTP status.")]
    detail: Annotated[str, Meta(description="What is wrong with this request, for people.")]
    code: Annotated[str, Meta(description="Which error it is, for programs: stable.")]
    retryable: Annotated[bool, Meta(description="Can the same request succeed later?")]
    request_id: Annotated[str, Meta(description="Finds the request in the logs.")]

    @classmethod
    def of(cls, error: DormouseError, request_id: str) -> "Problem":
        status = STATUS[type(error)]
        return cls(
            type=f"/docs#{error.code}",
            title=error.code.replace("_", " ").capitalize(),
            status=status,
            detail=str(error),
            code=error.code,
            retryable=error.retryable,
            request_id=request_id,
        )


def answer_problems(app: Flask) -> None:
    """Answer every exception of the application with a problem; unknown ones say nothing."""

    @app.errorhandler(DormouseError)
    def known(error: DormouseError) -> Response:
        return _answer(error) if type(error) in STATUS else unknown(error)

    @app.errorhandler(HTTPException)
    def refused_by_flask(error: HTTPException) -> Response:
        kind = _ERRORS_OF_FLASK.get(error.code or 0)
        if kind is None:
            return unknown(error)
        response = _answer(kind())
        if allowed := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        log.error("unexpected error", exc_info=error)
        return _answer(InternalError())


def _answer(error: DormouseError) -> Response:
    problem = Problem.of(error, g.get("request_id", ""))
    response = Response(msgspec.json.encode(problem), problem.status, content_type=CONTENT_TYPE)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, RateLimited):
        response.headers.update(error.headers)
    return response
