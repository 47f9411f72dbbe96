"""Writes that know themselves again: each carries a fresh id.

A conditional write that had to be sent twice may fail on its own first copy; the id in the document
then tells that the change was made.
"""

from collections.abc import Sequence
from typing import Any

from jobs.errors import VersionConflict
from jobs.gcp.channel import Refused
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.documents import WRITE_ID, set_version
from jobs.gcp.firestore.values import to_value
from jobs.gcp.messages import message
from jobs.job.model import Version

Document = message("google.firestore.v1.Document")
Write = message("google.firestore.v1.Write")


def write_of(firestore: Firestore, name: str, fields: dict[str, Any]) -> Any:
    """The write of these fields into the document of this name. Its condition is to be added."""
    fields[WRITE_ID] = to_value(firestore.runtime.random_bytes(8).hex())
    return Write(update=Document(name=name, fields=fields))


def commit_once(
    firestore: Firestore, writes: Sequence[Any], beside: Sequence[Any] = ()
) -> list[Any]:
    """Make all of these writes or none. Returns the documents' update times, in the same order.

    Those `beside` them are made too, but tell nothing of the outcome: an event's document may be
    gone again before a lost answer is asked for.
    Raises `Refused` if a condition does not hold, `StoreUnavailable`.
    """
    try:
        results = firestore.commit([*writes, *beside]).write_results[: len(writes)]
        return [result.update_time for result in results]
    except Refused as refused:
        if not (refused.repeated and (update_times := _own_writes(firestore, writes))):
            raise
    return update_times


def delete_once(firestore: Firestore, name: str, if_version: Version) -> None:
    """Delete the document in that version. Raises `VersionConflict`, `StoreUnavailable`."""
    try:
        firestore.commit([deletion(name, if_version)])
    except Refused as refused:
        # What was sent before and is gone now was deleted by its first copy.
        if not (refused.repeated and firestore.get(name) is None):
            raise VersionConflict from refused


def deletion(name: str, if_version: Version) -> Any:
    """The write that deletes the document in that version."""
    write = Write(delete=name)
    set_version(if_version, write.current_document.update_time)
    return write


def _own_writes(firestore: Firestore, writes: Sequence[Any]) -> list[Any]:
    """When these very writes were made, or nothing if they were not: it is all or none."""
    found = {one.name: one for one in firestore.get_all([write.update.name for write in writes])}
    own = [
        found[write.update.name].update_time
        for write in writes
        if write.update.name in found
        and found[write.update.name].fields[WRITE_ID] == write.update.fields[WRITE_ID]
    ]
    return own if len(own) == len(writes) else []
