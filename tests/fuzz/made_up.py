"""What decoders are given: any bytes, any JSON, and the real thing with some of it changed."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "\0", "\ud800", "9" * 400, "2026-01-01T00:00:00Z", 1e308, 2**64])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=4,
)
TOO_DEEP = st.sampled_from(
    [b"[" * 600, b'{"a":' * 600, b"[" * 99 + b"]" * 99, b"[" * 50_000, b"[" * 101 + b"]" * 101]
)
EDITS = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 8), st.binary(max_size=8)),
    min_size=1,
    max_size=4,
)


def as_bytes(value: Any) -> bytes:
    """JSON as a careless program writes it: with `NaN` and lone surrogates."""
    return json.dumps(value).encode()


def edited(original: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    """These bytes with some replaced, left out or put between."""
    data = bytearray(original)
    for place, length, new in edits:
        start = place % (len(data) + 1)
        data[start : start + length] = new
    return bytes(data)


def with_parts_replaced(original: Any) -> st.SearchStrategy[Any]:
    """This JSON value with anything in the place of some of what it holds."""
    changes = st.lists(st.tuples(st.sampled_from(list(_paths(original))), JSON), max_size=3)

    def replaced(given: list[tuple[tuple[Any, ...], Any]]) -> Any:
        value = original
        for path, new in given:
            value = _replaced(value, path, new)
        return value

    return changes.map(replaced)


def like(original: Any) -> st.SearchStrategy[bytes]:
    """Bytes that a decoder of such JSON could be sent."""
    return st.one_of(
        with_parts_replaced(original).map(as_bytes),
        EDITS.map(lambda edits: edited(as_bytes(original), edits)),
        JSON.map(as_bytes),
        st.binary(max_size=40),
        TOO_DEEP,
    )


def _paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield before
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _paths(inner, (*before, name))


def _replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if not isinstance(value, dict):
        return value
    name, *rest = path
    return value | {name: _replaced(value.get(name), tuple(rest), new)}
