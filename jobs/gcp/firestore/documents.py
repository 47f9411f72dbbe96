"""A job as a Firestore document, and back.

Field names are those of `Job`. Besides them a document has `shard`, `label_pairs` (which an index
can search, as it can't a map) and `write_id`, which tells whose write the document last saw.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from jobs.gcp.firestore.values import from_value, to_value
from jobs.job.model import Job, Version
from jobs.job.store import SUMMARY_LEAVES_OUT

FIELDS = tuple(name for name in Job.__struct_fields__ if name != "version")
SUMMARY_FIELDS = tuple(name for name in FIELDS if name not in SUMMARY_LEAVES_OUT)
WRITE_ID = "write_id"
LABEL_PAIRS = "label_pairs"
SHARD = "shard"
_VERSION = re.compile(r"([0-9]{1,11})\.([0-9]{9})")


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
    return _job_of(document, FIELDS)


def summary_of(document: Any) -> Job:
    """The job that a document holds as far as a summary shows it."""
    return _job_of(document, SUMMARY_FIELDS, payload="null")


def _job_of(document: Any, names: Sequence[str], **given: Any) -> Job:
    found = {name: from_value(document.fields[name]) for name in names if name in document.fields}
    fields = given | found
    fields["id"] = document.name.rpartition("/")[2]
    fields["version"] = version_of(document.update_time)
    fields["payload"] = msgspec.Raw(fields["payload"].encode())
    return msgspec.convert(fields, Job, builtin_types=(datetime,))


def version_of(update_time: Any) -> Version:
    return Version(f"{update_time.seconds}.{update_time.nanos:09d}")


def set_version(version: Version, update_time: Any) -> None:
    """Write a version into a protobuf timestamp. A version of another store matches nothing."""
    found = _VERSION.fullmatch(version)
    update_time.seconds = int(found[1]) if found else 0
    update_time.nanos = int(found[2]) if found else 0
    if not (update_time.seconds or update_time.nanos):
        # The epoch itself is the version of a document that does not exist.
        update_time.nanos = 1000
