"""From a request's bytes to declared types. What can't be taken is refused, with its path."""

from contextlib import nullcontext
from typing import Any, Final

import msgspec
from flask import request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import MultiDict

from api.dependencies import deps
from api.http.errors import RequestTooLarge, UnsupportedMediaType
from jobs.errors import InvalidRequest
from jobs.payloads.strict_json import check_json

JSON: Final = "application/json"
MAX_BODY_BYTES: Final = 512 * 1024
LARGE_AT_ONCE: Final = 2


def decode_body(decoder: msgspec.json.Decoder[Any], max_bytes: int) -> Any:
    """The request's body. Raises `InvalidRequest`, `RequestTooLarge`, `UnsupportedMediaType`."""
    declared = request.mimetype
    if declared and declared != JSON and not declared.endswith("+json"):
        raise UnsupportedMediaType
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMediaType
    # One more than is taken, as werkzeug cuts a chunked body off at its limit without a word.
    request.max_content_length = max_bytes + 1
    try:
        data = request.get_data(cache=False)
    except ParseException as error:
        raise InvalidRequest("The chunks of the body can't be read.") from error
    if len(data) > max_bytes:
        raise RequestTooLarge
    if not data:
        raise InvalidRequest("The body is missing; it must be a JSON object.")
    # A large body holds the interpreter for longer, so not many at once.
    with deps().large_bodies if len(data) > MAX_BODY_BYTES else nullcontext():
        check_json(data, max_bytes)
        try:
            return decoder.decode(data)
        except msgspec.DecodeError as error:
            raise InvalidRequest(f"The body can't be taken: {error}") from error


def decode_query(kind: type[msgspec.Struct] | None) -> Any:
    """The request's query as a struct; `a.b=c` fills the entry `b` of the mapping `a`.

    Raises `InvalidRequest` for what the struct does not declare, and for what is given twice.
    """
    values = _nested(request.args)
    known = kind.__struct_fields__ if kind else ()
    for name in values.keys() - set(known):
        there_are = f"There are: {', '.join(known)}." if known else "There are none."
        raise InvalidRequest(f"There is no query parameter `{name[:100]}` here. {there_are}")
    if kind is None:
        return None
    try:
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The query can't be taken: {error}{_allowed(kind, error)}") from error


def _nested(given: MultiDict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, repeated in given.lists():
        if len(repeated) > 1:
            raise InvalidRequest(f"The query parameter `{name[:100]}` is given more than once.")
        outer, dot, inner = name.partition(".")
        if isinstance(values.get(outer, {}), dict) != bool(dot) and outer in values:
            raise InvalidRequest(f"The query parameter `{outer[:100]}` is given in two forms.")
        if dot:
            values.setdefault(outer, {})[inner] = repeated[0]
        else:
            values[name] = repeated[0]
    return values


def _allowed(kind: type[msgspec.Struct], error: msgspec.ValidationError) -> str:
    """What an enumerated parameter may be, where it is something else; else nothing."""
    name = str(error).rpartition("`$.")[2].rstrip("`")
    values = msgspec.json.schema(kind)["$defs"]
    schema = values[kind.__name__]["properties"].get(name, {})
    enumerated = values.get(schema.get("$ref", "").rpartition("/")[2], {}).get("enum")
    return f"; it may be {', '.join(enumerated)}" if enumerated else ""
