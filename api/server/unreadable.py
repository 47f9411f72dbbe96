"""What is no HTTP request, or too long for one: answered before there is anything for Flask."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from secrets import token_hex
from typing import Final

import msgspec
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

from api.http.errors import HeadersTooLarge, InternalError, UriTooLong
from api.http.headers import ALWAYS, UNLESS_SET
from api.http.problems import CONTENT_TYPE, Problem
from jobs.errors import DormouseError, InvalidRequest

log = logging.getLogger(__name__)

_ERRORS_OF_GUNICORN: Final[Mapping[type[Exception], type[DormouseError]]] = {
    LimitRequestLine: UriTooLong,
    LimitRequestHeaders: HeadersTooLarge,
}


def refusal(error: Exception) -> bytes:
    """A whole answer, after which the connection is closed. The error's own text is in the log."""
    request_id = token_hex(16)
    problem = Problem.of(_problem(error), request_id)
    if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("unexpected error in request %s", request_id, exc_info=error)
    else:
        log.warning("request %s can't be read: %s", request_id, error)
    body = msgspec.json.encode(problem)
    headers = {
        "Content-Type": CONTENT_TYPE,
        "Content-Length": str(len(body)),
        "Connection": "close",
        "X-Request-Id": request_id,
        **ALWAYS,
        **UNLESS_SET,
    }
    lines = [f"HTTP/1.1 {problem.status} {HTTPStatus(problem.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _problem(error: Exception) -> DormouseError:
    if not isinstance(error, ParseException):
        return InternalError()
    kind = _ERRORS_OF_GUNICORN.get(type(error))
    return kind() if kind else InvalidRequest("This can't be read as an HTTP request.")
