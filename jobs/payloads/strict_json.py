"""Takes only JSON that every program reads alike: I-JSON, RFC 7493.

What is kept is kept byte for byte and read again by the worker, by the caller, and by third
parties, each with another library. What they could understand differently is refused at the door,
whoever brings it: callers, events, handlers.
"""

import re
from typing import Any, Final

import msgspec

from jobs.errors import InvalidRequest

MAX_DEPTH: Final = 100
"""How deep arrays and objects may be nested. Far below what any of the services can recurse."""
BYTES_A_VALUE: Final = 21
"""A text may have one value, or name, for so many bytes of the most that it may have.

So the tree that it becomes for a moment takes at most about four times that size, of whatever
shape.
"""

_STRING: Final = re.compile(rb'"[^"]*"')
_LONG_INTEGER: Final = re.compile(rb"\d{309,}")


def check_json(data: bytes, max_bytes: int, what: str = "The body") -> None:
    """Raise `InvalidRequest` for what decoding into declared types lets pass in a raw part.

    That is text that is not UTF-8, numbers that a double can't hold, half surrogate pairs, a name
    given twice in an object, nesting beyond `MAX_DEPTH`, and more values than `max_bytes`, the most
    that such a text may have, allows. Takes time and memory in proportion to the size: the count
    comes before the tree.
    """
    most = max_bytes // BYTES_A_VALUE
    plain = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') // 2 > most:
        raise InvalidRequest(_too_many(what, most))
    # Strings may hold anything; without them every sign means what it says.
    bare = _STRING.sub(b"", plain)
    names = bare.count(b":")
    openings = bare.count(b"[") + bare.count(b"{")
    if names + openings + bare.count(b",") > most:
        raise InvalidRequest(_too_many(what, most))
    if any(float(number[0]) == float("inf") for number in _LONG_INTEGER.finditer(bare)):
        raise InvalidRequest(f"{what} has a number that no double can hold.")
    try:
        value = msgspec.json.decode(data)
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"{what} is not UTF-8 (byte {error.start}).") from error
    except RecursionError as error:
        raise InvalidRequest(_too_deep(what)) from error
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"{what} can't be taken: {error}") from error
    if openings:
        _check_tree(value, names, what)


def _check_tree(value: Any, names: int, what: str) -> None:
    """Level by level. A name that was given twice is in the text, and once in the tree."""
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH + 1:
            raise InvalidRequest(_too_deep(what))
        inner: list[Any] = []
        for one in level:
            if type(one) is dict:
                names -= len(one)
                inner.extend(one.values())
            elif type(one) is list:
                inner.extend(one)
        level = inner
    if names:
        raise InvalidRequest(f"{what} gives a name twice in one object.")


def _too_many(what: str, most: int) -> str:
    return f"{what} has more than {most} values and names."


def _too_deep(what: str) -> str:
    return f"{what} is nested more than {MAX_DEPTH} levels deep."
