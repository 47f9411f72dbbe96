"""Views with declared request and response.

What an operation declares is what decodes its request and what the OpenAPI document says, so the
two can't differ.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from inspect import getdoc
from typing import Any

import msgspec
from flask import Response, request

from api.callers import PUBLIC
from jobs.errors import DormouseError, InvalidRequest

ATTRIBUTE = "operation"
JSON = "application/json"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A view's answer where the body alone does not say it all."""

    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What a view takes and gives. The view's docstring is the description."""

    summary: str
    description: str
    tag: str
    body: Any
    query: Any
    answer: Any
    status: int
    problems: tuple[type[DormouseError], ...]
    takes_key: bool
    public: bool


def operation(
    summary: str,
    *,
    tag: str,
    body: Any = None,
    query: Any = None,
    answer: Any = None,
    status: int = 200,
    problems: tuple[type[DormouseError], ...] = (),
    takes_key: bool = False,
    public: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Decode `body` and `query` into these types and pass them to the view; encode what it gives.

    `takes_key` says that the operation obeys `Idempotency-Key`; `public`, that it asks for no
    token.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        decoder = msgspec.json.Decoder(body) if body else None

        @wraps(view)
        def handle(**arguments: Any) -> Response:
            if decoder:
                arguments["body"] = _body(decoder)
            if query:
                arguments["query"] = _query(query)
            given = view(**arguments)
            answered = given if isinstance(given, Answer) else Answer(body=given)
            data = b"" if answered.body is None else msgspec.json.encode(answered.body)
            return Response(data, status, dict(answered.headers), content_type=JSON)

        declared = Operation(
            summary=summary,
            description=getdoc(view) or "",
            tag=tag,
            body=body,
            query=query,
            answer=answer,
            status=status,
            problems=problems,
            takes_key=takes_key,
            public=public,
        )
        setattr(handle, ATTRIBUTE, declared)
        setattr(handle, PUBLIC, public)
        return handle

    return decorate


def _body(decoder: msgspec.json.Decoder[Any]) -> Any:
    try:
        return decoder.decode(request.get_data(cache=False))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body can't be taken: {error}") from error
    except RecursionError as error:
        raise InvalidRequest("The body can't be taken: it is nested too deeply.") from error


def _query(kind: Any) -> Any:
    """Query parameters as a struct; `a.b=c` fills the entry `b` of the mapping `a`."""
    values: dict[str, Any] = {}
    for name, given in request.args.lists():
        if len(given) > 1:
            raise InvalidRequest(f"The query parameter `{name}` is given more than once.")
        outer, dot, inner = name.partition(".")
        if dot:
            entries = values.setdefault(outer, {})
            if not isinstance(entries, dict):
                raise InvalidRequest(f"The query parameter `{outer}` is given in two forms.")
            entries[inner] = given[0]
        else:
            values[name] = given[0]
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The query can't be taken: {error}") from error
