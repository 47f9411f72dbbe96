"""Plain values as Firestore's `Value`, and back."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import NoneType
from typing import Any, Final

import msgspec

from jobs.gcp.messages import message

Value = message("google.firestore.v1.Value")


def to_value(value: Any) -> Any:
    """Any of the values that a job is made of, as Firestore's `Value`."""
    for kind in type(value).__mro__:
        if make := _MAKERS.get(kind):
            return make(value)
    if isinstance(value, Mapping):
        return _map(value)
    return to_value(msgspec.to_builtins(value, builtin_types=(datetime,), enc_hook=_text))


def _text(value: msgspec.Raw) -> str:
    return bytes(value).decode()


def _null(_: None) -> Any:
    return Value(null_value=0)


def _timestamp(value: datetime) -> Any:
    made = Value()
    made.timestamp_value.FromDatetime(value)
    return made


def _map(value: Mapping[str, Any]) -> Any:
    made = Value()
    made.map_value.SetInParent()
    for name, item in value.items():
        made.map_value.fields[name].CopyFrom(to_value(item))
    return made


def _array(value: Iterable[Any]) -> Any:
    made = Value()
    made.array_value.SetInParent()
    made.array_value.values.extend(map(to_value, value))
    return made


_MAKERS: Final[Mapping[type, Callable[[Any], Any]]] = {
    NoneType: _null,
    bool: lambda value: Value(boolean_value=value),
    str: lambda value: Value(string_value=value),
    int: lambda value: Value(integer_value=value),
    float: lambda value: Value(double_value=value),
    datetime: _timestamp,
    msgspec.Raw: lambda value: Value(string_value=_text(value)),
    dict: _map,
    list: _array,
    tuple: _array,
}


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
