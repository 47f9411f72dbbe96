"""Views with declared request and response.

What an operation declares is what decodes its request and what the OpenAPI document says, so the
two can't differ.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

import msgspec
from flask import Response

from api.auth.callers import PUBLIC
from api.http.decoding import JSON, MAX_BODY_BYTES, decode_body, decode_query
from api.http.errors import (
    HeadersTooLarge,
    InternalError,
    RequestTooLarge,
    UnsupportedMediaType,
    UriTooLong,
)
from identity.errors import IdentityUnavailable, PermissionDenied, Unauthenticated
from jobs.errors import DormouseError, InvalidRequest, StoreUnavailable, Unreadable

_ATTRIBUTE: Final = "operation"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A view's answer where the body alone does not say it all."""

    body: Any = None
    headers: Mapping[str, str] = {}
    status: int | None = None


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What a view takes and gives. Decorates the view.

    The view's docstring is the description, and its annotations are the types of what it takes
    from the path. `body`, `query` and `answer` are types, or None for nothing; `events` maps the
    names of server-sent events to the types of their data, and then the view makes the response.
    `request_headers` maps names to types, `answer_headers` names to descriptions. `also` describes
    further statuses that answer with the same type, but for a 204. `problems` are the errors
    beside those that every operation has. A `public` operation asks for no token. `admits` raises
    for a caller who could not do this whatever the body says; it is asked before the body is read,
    as reading and parsing cost more than refusing.
    """

    summary: str
    tag: str
    body: Any = None
    query: type[msgspec.Struct] | None = None
    answer: Any = None
    events: Mapping[str, Any] = {}
    status: int = 200
    also: Mapping[int, str] = {}
    request_headers: Mapping[str, Any] = {}
    answer_headers: Mapping[str, str] = {}
    problems: tuple[type[DormouseError], ...] = ()
    public: bool = False
    admits: Callable[[], None] | None = None
    max_body_bytes: int = MAX_BODY_BYTES

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Response]:
        """The view as Flask calls it: its body and query come decoded, its answer is encoded."""
        decoder = msgspec.json.Decoder(self.body) if self.body else None
        if decoder and not self.admits:
            raise TypeError(f"{view.__name__} takes a body and does not say whom it admits")

        @wraps(view)
        def handle(**arguments: Any) -> Response:
            if self.admits:
                self.admits()
            query = decode_query(self.query)
            if self.query:
                arguments["query"] = query
            if decoder:
                arguments["body"] = decode_body(decoder, self.max_body_bytes)
            return self._response(view(**arguments))

        setattr(handle, _ATTRIBUTE, self)
        setattr(handle, PUBLIC, self.public)
        return handle

    @property
    def all_problems(self) -> tuple[type[DormouseError], ...]:
        """Every error that this operation can answer with."""
        decoding = (InvalidRequest, RequestTooLarge, UnsupportedMediaType)
        admission = (Unauthenticated, PermissionDenied, IdentityUnavailable)
        return (
            *(decoding if self.body else decoding[:1]),
            *(() if self.public else admission),
            *self.problems,
            *((Unreadable,) if StoreUnavailable in self.problems else ()),
            UriTooLong,
            HeadersTooLarge,
            InternalError,
        )

    def _response(self, given: Any) -> Response:
        if isinstance(given, Response):
            return given
        answer = given if isinstance(given, Answer) else Answer(body=given)
        response = Response(status=answer.status or self.status, headers=dict(answer.headers))
        if answer.body is None:
            del response.headers["Content-Type"]
        else:
            response.data = msgspec.json.encode(answer.body)
            response.content_type = JSON
        return response


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What the view of a route declares; None for one that is no part of the documented API."""
    found: Operation | None = getattr(view, _ATTRIBUTE, None)
    return found
