"""What an operation answers: its own status and every problem that it can have."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from api.http.decoding import JSON
from api.http.operation import Operation
from api.http.problems import CONTENT_TYPE, STATUS, Problem
from api.limits import submissions as limits
from api.reference.schemas import Schema, Schemas
from api.watching.server_sent_events import MEDIA_TYPE as EVENT_STREAM
from jobs.errors import DormouseError

EVENTS = "x-events"
"""Tells the data of each event of a stream, by the event's name."""

REQUEST_ID = "4bf92f3577b34da6a3ce929d0e0e4736"

HEADERS: Schema = {
    "X-Request-Id": {
        "description": "Finds the request in the logs: the id of its trace.",
        "schema": {"type": "string"},
        "example": REQUEST_ID,
    },
    "Retry-After": {
        "description": "After how many seconds to try again.",
        "schema": {"type": "integer"},
    },
    "WWW-Authenticate": {
        "description": "Which proof of identity is asked for.",
        "schema": {"type": "string", "const": "Bearer"},
    },
    **{
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in limits.HEADERS.items()
    },
}
_HEADERS_OF_STATUS = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate",),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", *limits.HEADERS),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After",),
}


def responses_of(operation: Operation, schemas: Schemas, example: Any) -> Schema:
    """By status, as strings."""
    responses = {
        status: _success(operation, description)
        | ({} if status == HTTPStatus.NO_CONTENT else _content(operation, schemas))
        for status, description in operation.also.items()
    }
    usual = _success(operation, HTTPStatus(operation.status).phrase)
    responses[operation.status] = usual | _content(operation, schemas, example)
    by_status: dict[HTTPStatus, list[type[DormouseError]]] = {}
    for error in operation.all_problems:
        by_status.setdefault(STATUS[error], []).append(error)
    responses |= {status: _problem(status, by_status[status], schemas) for status in by_status}
    return {str(int(status)): responses[status] for status in sorted(responses)}


def _success(operation: Operation, description: str) -> Schema:
    headers = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in operation.answer_headers.items()
    }
    return {"description": description, "headers": headers | _shared("X-Request-Id")}


def _content(operation: Operation, schemas: Schemas, example: Any = None) -> Schema:
    if operation.events:
        content: Schema = {
            "schema": {"type": "string", "description": "A stream of server-sent events."},
            # OpenAPI 3.1 has no word for what a stream is made of.
            EVENTS: {name: schemas.of(kind) for name, kind in operation.events.items()},
        }
    elif operation.answer:
        content = {"schema": schemas.of(operation.answer)}
    else:
        return {}
    shown = {} if example is None else {"example": example}
    return {"content": {EVENT_STREAM if operation.events else JSON: content | shown}}


def _problem(status: HTTPStatus, errors: Sequence[type[DormouseError]], schemas: Schemas) -> Schema:
    examples = {
        error.code: {"value": msgspec.to_builtins(Problem.of(error(), REQUEST_ID))}
        for error in errors
    }
    names = ("X-Request-Id", *_HEADERS_OF_STATUS.get(status, ()))
    return {
        "description": " ".join(f"`{error.code}`: {error()}" for error in errors),
        "headers": _shared(*names),
        "content": {CONTENT_TYPE: {"schema": schemas.of(Problem), "examples": examples}},
    }


def _shared(*names: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
