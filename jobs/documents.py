"""A job as a Firestore document, and back.

Field names are those of `Job`. Besides them a document has `shard`, `label_pairs` (which an index
can search, as it can't a map) and `write_id`, which tells whose write the document last saw.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from jobs.generated import messages
from jobs.model import Job, Version

_document = messages("google.cloud.firestore_v1", "document")
Document = _document.Document.pb()
Value = _document.Value.pb()

FIELDS = tuple(name for name in Job.__struct_fields__ if name != "version")
WRITE_ID = "write_id"
LABEL_PAIRS = "label_pairs"
SHARD = "shard"


def label_pair(name: str, value: str) -> str:
    return f"{name}={value}"


def fields_of(job: Job, names: Iterable[str] = FIELDS) -> dict[str, Any]:
    """The named fields as Firestore values. A field that is None is left out."""
    return {name: to_value(value) for name in names if (value := getattr(job, name)) is not None}


def fixed_fields_of(job: Job) -> dict[str, Any]:
    """What a document has beside the job's own fields, and keeps for life."""
    return {
        SHARD: to_value(job.shard),
        LABEL_PAIRS: to_value([label_pair(*pair) for pair in job.labels.items()]),
    }


def changed(job: Job, before: Job) -> list[str]:
    """The names of the fields in which the two differ."""
    return [name for name in FIELDS if getattr(job, name) != getattr(before, name)]


def job_of(document: Any) -> Job:
    """The job that a document holds, with the document's update time as its version."""
    fields = {name: from_value(document.fields[name]) for name in FIELDS if name in document.fields}
    fields["id"] = document.name.rpartition("/")[2]
    fields["version"] = version_of(document.update_time)
    fields["payload"] = msgspec.Raw(fields["payload"].encode())
    return msgspec.convert(fields, Job, builtin_types=(datetime,))


def version_of(update_time: Any) -> Version:
    return Version(f"{update_time.seconds}.{update_time.nanos:09d}")


def set_version(version: Version, update_time: Any) -> None:
    """Write a version into a protobuf timestamp. A version of another store matches nothing."""
    seconds, _, nanos = version.partition(".")
    try:
        update_time.seconds, update_time.nanos = int(seconds or 0), int(nanos or 0)
    except ValueError:
        update_time.seconds = 0


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
        case kind:
            return getattr(value, kind)
