"""Jobs in Firestore."""

import secrets
from datetime import datetime
from typing import Any

from jobs.channel import Refused
from jobs.errors import JobExists, VersionConflict
from jobs.firestore import documents
from jobs.firestore.client import Firestore
from jobs.firestore.documents import LABEL_PAIRS, SHARD, WRITE_ID
from jobs.firestore.queries import add_condition, add_order, query_of
from jobs.firestore.values import to_value
from jobs.generated import messages
from jobs.model import SHARDS, Job, Version
from jobs.store import Cursor, Filter

Document = messages("google.cloud.firestore_v1", "document").Document.pb()
Write = messages("google.cloud.firestore_v1", "write").Write.pb()

COLLECTION = "jobs"


class FirestoreJobStore:
    """Keeps the promises of `JobStore` in one Firestore database.

    Every write carries a fresh `write_id`. A conditional write that had to be sent twice may fail
    on its own first copy; the id in the document then tells that the change was made.
    """

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore

    def create(self, job: Job) -> Job:
        fields = documents.fields_of(job) | documents.fixed_fields_of(job)
        write = self._write(job.id, fields)
        write.current_document.exists = False
        return self._change(job, write, JobExists)

    def get(self, job_id: str) -> Job | None:
        document = self._read(job_id)
        return documents.job_of(document) if document else None

    def save(self, job: Job, before: Job) -> Job:
        names = documents.changed(job, before)
        write = self._write(job.id, documents.fields_of(job, names))
        write.update_mask.field_paths.extend([*names, WRITE_ID])
        documents.set_version(before.version, write.current_document.update_time)
        return self._change(job, write, VersionConflict)

    def delete(self, job_id: str, if_version: Version) -> None:
        write = Write(delete=self._name(job_id))
        documents.set_version(if_version, write.current_document.update_time)
        try:
            self._firestore.commit([write])
        except Refused as refused:
            if not (refused.repeated and self._read(job_id) is None):
                raise VersionConflict from refused

    def list_jobs(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        query = query_of(COLLECTION, limit)
        # One query over all shards: Firestore merges their index ranges, and reads what it returns.
        add_condition(query, SHARD, "IN", list(range(SHARDS)))
        for field in ("owner", "status", "type"):
            if (wanted := getattr(where, field)) is not None:
                add_condition(query, field, "EQUAL", wanted)
        if where.label:
            add_condition(query, LABEL_PAIRS, "ARRAY_CONTAINS", documents.label_pair(*where.label))
        add_order(query, "created_at", "DESCENDING")
        add_order(query, "__name__", "DESCENDING")
        if after:
            place = query.start_at.values
            place.append(to_value(after.created_at))
            place.add().reference_value = self._name(after.id)
        return [documents.job_of(document) for document in self._firestore.query(query)]

    def due(self, shard: int, before: datetime, limit: int) -> list[Job]:
        query = query_of(COLLECTION, limit)
        add_condition(query, SHARD, "EQUAL", shard)
        add_condition(query, "wake_at", "LESS_THAN", before)
        add_order(query, "wake_at", "ASCENDING")
        return [documents.job_of(document) for document in self._firestore.query(query)]

    def ping(self) -> None:
        self._firestore.get(self._name("ping"), tries=1)

    def _name(self, job_id: str) -> str:
        return self._firestore.name(COLLECTION, job_id)

    def _read(self, job_id: str) -> Any:
        return self._firestore.get(self._name(job_id))

    def _write(self, job_id: str, fields: dict[str, Any]) -> Any:
        fields[WRITE_ID] = to_value(secrets.token_hex(8))
        return Write(update=Document(name=self._name(job_id), fields=fields))

    def _change(self, job: Job, write: Any, conflict: type[JobExists | VersionConflict]) -> Job:
        try:
            update_time = self._firestore.commit([write]).write_results[0].update_time
        except Refused as refused:
            update_time = self._own_write(job.id, write) if refused.repeated else None
            if update_time is None:
                raise conflict from refused
        return job.evolve(version=documents.version_of(update_time))

    def _own_write(self, job_id: str, write: Any) -> Any:
        """When the document was changed by this very write, or None if it was not."""
        document = self._read(job_id)
        if document is None or document.fields[WRITE_ID] != write.update.fields[WRITE_ID]:
            return None
        return document.update_time
