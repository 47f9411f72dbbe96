"""Plain values as Firestore's `Value`, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from jobs.messages import message

Value = message("google.firestore.v1.Value")


def to_value(value: Any) -> Any:  # noqa: C901, PLR0911 - one flat table of types
    """Any of the values that a job is made of, as Firestore's `Value`."""
    match value:
        case None:
            return Value(null_value=0)
        case bool():
            return Value(boolean_value=value)
        case str():
            return Value(string_value=value)
        case int():
            return Value(integer_value=value)
        case float():
            return Value(double_value=value)
        case datetime():
            made = Value()
            made.timestamp_value.FromDatetime(value)
            return made
        case msgspec.Raw():
            return Value(string_value=bytes(value).decode())
        case Mapping():
            made = Value()
            made.map_value.SetInParent()
            for name, item in value.items():
                made.map_value.fields[name].CopyFrom(to_value(item))
            return made
        case list() | tuple():
            made = Value()
            made.array_value.SetInParent()
            made.array_value.values.extend(to_value(item) for item in value)
            return made
        case _:
            return to_value(msgspec.to_builtins(value, builtin_types=(datetime,)))


def from_value(value: Any) -> Any:
    match value.WhichOneof("value_type"):
        case "null_value" | None:
            return None
        case "timestamp_value":
            return value.timestamp_value.ToDatetime(tzinfo=UTC)
        case "map_value":
            return {name: from_value(item) for name, item in value.map_value.fields.items()}
        case "array_value":
            return [from_value(item) for item in value.array_value.values]
        case "geo_point_value":
            place = value.geo_point_value
            return {"latitude": place.latitude, "longitude": place.longitude}
        case kind:
            return getattr(value, kind)
