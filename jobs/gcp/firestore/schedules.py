"""Schedules in Firestore.

Field names are those of `Schedule`; beside them a document has `type`, its template's, for lists to
filter by.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import grpc
import msgspec

from jobs.errors import JobExists, VersionConflict
from jobs.gcp.channel import Refused
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.documents import WRITE_ID, set_version, version_of
from jobs.gcp.firestore.jobs import creation
from jobs.gcp.firestore.queries import add_condition, add_order, query_of
from jobs.gcp.firestore.quotas import Quotas
from jobs.gcp.firestore.reading import newest, read, readable
from jobs.gcp.firestore.values import from_value, to_value
from jobs.gcp.firestore.writes import commit_once, write_of
from jobs.job.model import Job
from jobs.job.store import Cursor
from jobs.schedules.errors import ScheduleExists, too_many
from jobs.schedules.model import MAX_PER_OWNER, Schedule

COLLECTION = "schedules"
QUOTAS = "schedule_quotas"
FIELDS = (*(name for name in Schedule.__struct_fields__ if name != "version"), "type")


class FirestoreScheduleStore:
    """Keeps the promises of `ScheduleStore` in one Firestore database."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore
        self._quotas = Quotas(firestore, QUOTAS, self._held_by)

    def create(self, schedule: Schedule, most: int = MAX_PER_OWNER) -> Schedule:
        write = write_of(self._firestore, self._name(schedule.id), _fields_of(schedule, FIELDS))
        write.current_document.exists = False
        version = self._quotas.create(
            schedule.owner, write, most, too_many=too_many(most), taken=ScheduleExists()
        )
        return schedule.evolve(version=version)

    def get(self, schedule_id: str, /) -> Schedule | None:
        document = self._firestore.get(self._name(schedule_id))
        return read(document, schedule_of) if document else None

    def save(self, schedule: Schedule, /, before: Schedule) -> Schedule:
        return self.fire(schedule, before, [])[0]

    def fire(
        self, schedule: Schedule, before: Schedule, jobs: Sequence[Job]
    ) -> tuple[Schedule, list[Job]]:
        names = [name for name in FIELDS if getattr(schedule, name) != getattr(before, name)]
        write = write_of(self._firestore, self._name(schedule.id), _fields_of(schedule, names))
        write.update_mask.field_paths.extend([*names, WRITE_ID])
        set_version(before.version, write.current_document.update_time)
        writes = [write, *(creation(self._firestore, job) for job in jobs)]
        try:
            first, *others = commit_once(self._firestore, writes)
        except Refused as refused:
            is_taken = refused.status is grpc.StatusCode.ALREADY_EXISTS
            raise (JobExists if is_taken else VersionConflict) from refused
        made = [
            job.evolve(version=version_of(update_time))
            for job, update_time in zip(jobs, others, strict=True)
        ]
        return schedule.evolve(version=version_of(first)), made

    def delete(self, schedule: Schedule) -> None:
        self._quotas.delete(schedule.owner, self._name(schedule.id), schedule.version)

    def list_schedules(
        self, owner: str | None, job_type: str | None, limit: int, after: Cursor | None = None
    ) -> list[Schedule]:
        def query(number: int) -> Any:
            made = query_of(COLLECTION, number)
            if owner is not None:
                add_condition(made, "owner", "EQUAL", owner)
            if job_type is not None:
                add_condition(made, "type", "EQUAL", job_type)
            return made

        return newest(
            self._firestore, query, schedule_of, limit=limit, after=after, name_of=self._name
        )

    def due(self, before: datetime, limit: int) -> list[Schedule]:
        query = query_of(COLLECTION, limit)
        add_condition(query, "fire_at", "LESS_THAN", before)
        add_order(query, "fire_at", "ASCENDING")
        return readable(self._firestore.query(query), schedule_of)

    def _held_by(self, owner: str, limit: int) -> list[str]:
        return [one.id for one in self.list_schedules(owner, None, limit)]

    def _name(self, schedule_id: str) -> str:
        return self._firestore.name(COLLECTION, schedule_id)


def _fields_of(schedule: Schedule, names: Iterable[str]) -> dict[str, Any]:
    """The named fields as Firestore values. A field that is None is left out."""
    values = {name: getattr(schedule, name) for name in names}
    return {name: to_value(value) for name, value in values.items() if value is not None}


def schedule_of(document: Any) -> Schedule:
    """The schedule that a document holds, with the document's update time as its version."""
    fields = {name: from_value(document.fields[name]) for name in document.fields}
    fields["version"] = version_of(document.update_time)
    fields["template"]["payload"] = msgspec.Raw(fields["template"]["payload"].encode())
    return msgspec.convert(fields, Schedule, builtin_types=(datetime,))
