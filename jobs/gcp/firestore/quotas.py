"""Creates and deletes what an owner may have only so many of, with the owner's quota beside it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from jobs.errors import DormouseError, VersionConflict
from jobs.gcp.channel import Refused
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.documents import version_of
from jobs.gcp.firestore.records import Records
from jobs.gcp.firestore.writes import commit_once, deletion
from jobs.job.model import Version
from jobs.quota import TRIES, Quota

_PAUSE_SECONDS = 0.05


class Quotas:
    """The quotas of one kind. `held_by` lists the ids that an owner really has, so many at most."""

    def __init__(
        self,
        firestore: Firestore,
        collection: str,
        held_by: Callable[[str, int], Sequence[str]],
    ) -> None:
        self._firestore = firestore
        self._quotas = Records(firestore, collection, Quota)
        self._held_by = held_by

    def create(
        self, owner: str, write: Any, most: int, *, too_many: DormouseError, taken: DormouseError
    ) -> Version:
        """Make the write of a new document of the owner, unless it has `most` already.

        Raises `too_many`, `taken` if the document is there already, `VersionConflict` if others of
        the same owner were quicker each time, `StoreUnavailable`.
        """
        new_id = write.update.name.rpartition("/")[2]
        for _ in self._tries():
            quota = self._room_in(owner, most)
            if quota is None:
                raise too_many
            beside = [self._quotas.change(quota.with_one(new_id), quota.version)]
            try:
                (update_time,) = commit_once(self._firestore, [write], beside)
            except Refused as refused:
                if self._firestore.get(write.update.name) is not None:
                    raise taken from refused
            else:
                return version_of(update_time)
        raise VersionConflict

    def delete(self, owner: str, name: str, if_version: Version) -> None:
        """Delete the document in that version. Raises `VersionConflict`, `StoreUnavailable`."""
        gone = name.rpartition("/")[2]
        for _ in self._tries():
            writes = [deletion(name, if_version)]
            quota = self._quotas.get(Quota.id_of(owner))
            if quota and gone in quota.held:
                writes.append(self._quotas.change(quota.without(gone), quota.version))
            try:
                self._firestore.commit(writes)
            except Refused as refused:
                left = self._firestore.get(name)
                if left is None and refused.repeated:
                    return
                if left is None or version_of(left.update_time) != if_version:
                    raise VersionConflict from refused
            else:
                return
        raise VersionConflict

    def _room_in(self, owner: str, most: int) -> Quota | None:
        """The owner's quota if it has room.

        Where there is none yet, or it is full, what the owner really has counts: some was made
        before there were quotas, or deleted by a release that knew of none.
        """
        quota = self._quotas.get(Quota.id_of(owner))
        if quota is None or len(quota.held) >= most:
            held = tuple(self._held_by(owner, most))
            quota = msgspec.structs.replace(quota or Quota.of(owner), held=held)
        return quota if len(quota.held) < most else None

    def _tries(self) -> Iterator[int]:
        for number in range(TRIES):
            if number:
                runtime = self._firestore.runtime
                runtime.sleep(runtime.uniform(0, _PAUSE_SECONDS * number))
            yield number
