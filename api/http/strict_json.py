"""Takes only JSON that every program reads alike: I-JSON, RFC 7493.

A payload is kept byte for byte and read again by the worker, by the caller, and by third parties,
each with another library. What they could understand differently is refused at the door.
"""

import json
from typing import Any

import msgspec

from jobs.errors import InvalidRequest

MAX_DEPTH = 100
"""How deep arrays and objects may be nested. Far below what any of the services can recurse."""


def check_json(data: bytes) -> None:
    """Raise `InvalidRequest` for what decoding into declared types lets pass in a raw part.

    That is text that is not UTF-8, numbers out of range, a name given twice in an object, and
    nesting beyond `MAX_DEPTH`.
    """
    try:
        text = data.decode()
        # Refuses numbers that a double can't hold.
        value = msgspec.json.decode(data)
        _pairs_decoder.decode(text)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is not UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise InvalidRequest(_TOO_DEEP) from error
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The body can't be taken: {error}") from error
    # Counting is quick, and spares nearly every body the walk.
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise InvalidRequest(_TOO_DEEP)


_TOO_DEEP = f"The body is nested more than {MAX_DEPTH} levels deep."


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise InvalidRequest(f"The body gives the name `{name[:100]}` twice in one object.")
        found[name] = value
    return found


_pairs_decoder = json.JSONDecoder(object_pairs_hook=_distinct, parse_int=str, parse_float=str)


def _depth(value: Any) -> int:
    level, depth = [value], 0
    while level := [inner for outer in level for inner in _inside(outer)]:
        depth += 1
    return depth


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
