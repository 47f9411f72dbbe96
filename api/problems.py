"""Every error as `application/problem+json`, RFC 9457. The one table of statuses stands here."""

import logging
from http import HTTPStatus

import msgspec
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from jobs.errors import DormouseError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

STATUS: dict[str, HTTPStatus] = {
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "unknown_job_type": HTTPStatus.BAD_REQUEST,
    "invalid_page_token": HTTPStatus.BAD_REQUEST,
    "unauthenticated": HTTPStatus.UNAUTHORIZED,
    "permission_denied": HTTPStatus.FORBIDDEN,
    "job_not_found": HTTPStatus.NOT_FOUND,
    "job_type_not_found": HTTPStatus.NOT_FOUND,
    "not_found": HTTPStatus.NOT_FOUND,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "status_conflict": HTTPStatus.CONFLICT,
    "version_conflict": HTTPStatus.CONFLICT,
    "job_exists": HTTPStatus.CONFLICT,
    "payload_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "request_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unsupported_media_type": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "idempotency_key_reused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "queue_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "identity_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}

# What Flask itself refuses, by the status that it would answer.
_CODES_OF_FLASK = {
    400: "invalid_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "invalid_request",
    413: "request_too_large",
    415: "unsupported_media_type",
}
_DETAILS_OF_FLASK = {
    "not_found": "There is nothing at this path. GET /docs shows what there is.",
    "method_not_allowed": "This path does not take this method. GET /docs shows what there is.",
    "request_too_large": "The request's body is larger than this path takes.",
}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong.

    `code` is stable; `retryable` says whether the same request may succeed later; `request_id`
    finds the request in the logs.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
    request_id: str


def problem(code: str, detail: str, *, retryable: bool = False) -> Response:
    """An answer for an error of this code."""
    status = STATUS[code]
    body = Problem(
        type=f"/docs#{code}",
        title=status.phrase,
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
        request_id=g.get("request_id", ""),
    )
    response = Response(msgspec.json.encode(body), status, content_type=CONTENT_TYPE)
    if status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "5"
    return response


def answer_problems(app: Flask) -> None:
    """Answer every exception of the application with a problem; unknown ones say nothing."""

    @app.errorhandler(DormouseError)
    def known(error: DormouseError) -> Response:
        if error.code not in STATUS:
            return unknown(error)
        return problem(error.code, str(error), retryable=error.retryable)

    @app.errorhandler(HTTPException)
    def refused_by_flask(error: HTTPException) -> Response:
        if (code := _CODES_OF_FLASK.get(error.code or 500)) is None:
            return unknown(error)
        response = problem(code, _DETAILS_OF_FLASK.get(code, "The request can't be understood."))
        if allowed := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> Response:
        log.error("unexpected error", exc_info=error)
        return problem("internal", "Something went wrong on our side. The logs know more.")
