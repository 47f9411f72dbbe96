"""Plain values as Firestore keeps them."""

from collections import OrderedDict
from datetime import UTC, datetime
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from jobs.gcp.firestore.values import from_value, to_value


class Colour(StrEnum):
    RED = "red"


class Size(IntEnum):
    SMALL = 1


class Celsius(float):
    pass


class Instant(datetime):
    """As Google's own client has one, with nanoseconds."""


class Place(NamedTuple):
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (True, True),
        (Colour.RED, "red"),
        (Size.SMALL, 1),
        (Celsius(1.5), 1.5),
        (Instant(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (OrderedDict(a=None), {"a": None}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (Place(1, 2), [1, 2]),
    ],
)
def test_a_value_is_kept_as_what_it_is_a_kind_of(value: Any, kept: Any) -> None:
    """Whatever its class, it comes back as the plain value."""
    found = from_value(to_value(value))
    assert found == kept
    assert type(found) is type(kept)
