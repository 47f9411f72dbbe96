"""Jobs in Firestore."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from jobs.errors import DormouseError, JobExists, VersionConflict
from jobs.events.model import Event
from jobs.gcp.channel import Refused
from jobs.gcp.firestore import documents
from jobs.gcp.firestore.client import Firestore
from jobs.gcp.firestore.documents import LABEL_PAIRS, SHARD, WRITE_ID
from jobs.gcp.firestore.events import event_write
from jobs.gcp.firestore.queries import add_condition, add_order, query_of
from jobs.gcp.firestore.reading import newest, read, readable
from jobs.gcp.firestore.writes import commit_once, delete_once, write_of
from jobs.job.model import SHARDS, TERMINAL, Job, Status, Version
from jobs.job.store import Cursor, Filter, fills_a_page, page_of

COLLECTION = "jobs"


class FirestoreJobStore:
    """Keeps the promises of `JobStore` in one Firestore database."""

    def __init__(self, firestore: Firestore) -> None:
        self._firestore = firestore

    def create(self, job: Job) -> Job:
        return self.create_all([job])[0]

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        writes = [creation(self._firestore, job) for job in jobs]
        return self._change(jobs, writes, JobExists) if writes else []

    def get(self, job_id: str) -> Job | None:
        document = self._firestore.get(self._name(job_id))
        return read(document, documents.job_of) if document else None

    def get_all(self, job_ids: Sequence[str]) -> dict[str, Job]:
        found = self._firestore.get_all([self._name(job_id) for job_id in job_ids])
        return {job.id: job for job in readable(found, documents.job_of)}

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        names = documents.changed(job, before)
        write = write_of(self._firestore, self._name(job.id), documents.fields_of(job, names))
        write.update_mask.field_paths.extend([*names, WRITE_ID])
        documents.set_version(before.version, write.current_document.update_time)
        beside = [event_write(self._firestore, event)] if event else []
        return self._change([job], [write], VersionConflict, beside)[0]

    def delete(self, job_id: str, if_version: Version) -> None:
        delete_once(self._firestore, self._name(job_id), if_version)

    def list_jobs(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        found = newest(
            self._firestore,
            lambda number: _list_query(where, number),
            documents.job_of,
            limit=limit,
            after=after,
            name_of=self._name,
            is_enough=fills_a_page,
        )
        return page_of(found)

    def list_summaries(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        def query(number: int) -> Any:
            made = _list_query(where, number)
            for field in documents.SUMMARY_FIELDS:
                made.select.fields.add(field_path=field)
            return made

        found = newest(
            self._firestore,
            query,
            documents.summary_of,
            limit=limit,
            after=after,
            name_of=self._name,
            is_enough=fills_a_page,
        )
        return page_of(found)

    def due(self, shard: int, before: datetime, limit: int) -> list[Job]:
        query = query_of(COLLECTION, limit)
        add_condition(query, SHARD, "EQUAL", shard)
        add_condition(query, "wake_at", "LESS_THAN", before)
        add_order(query, "wake_at", "ASCENDING")
        return readable(self._firestore.query(query), documents.job_of)

    def count_open(self, owner: str, up_to: int) -> int:
        query = query_of(COLLECTION, up_to)
        add_condition(query, SHARD, "IN", list(range(SHARDS)))
        add_condition(query, "owner", "EQUAL", owner)
        add_condition(query, "status", "IN", sorted(set(Status) - TERMINAL))
        # The order is that of the lists, so that their indexes serve.
        add_order(query, "created_at", "DESCENDING")
        return self._firestore.count(query)

    def ping(self) -> None:
        self._firestore.get(self._name("ping"), tries=1)

    def _name(self, job_id: str) -> str:
        return self._firestore.name(COLLECTION, job_id)

    def _change(
        self,
        jobs: Sequence[Job],
        writes: Sequence[Any],
        conflict: type[DormouseError],
        beside: Sequence[Any] = (),
    ) -> list[Job]:
        try:
            update_times = commit_once(self._firestore, writes, beside)
        except Refused as refused:
            raise conflict from refused
        return [
            job.evolve(version=documents.version_of(update_time))
            for job, update_time in zip(jobs, update_times, strict=True)
        ]


def creation(firestore: Firestore, job: Job) -> Any:
    """The write that makes a new job, and nothing if its id is taken."""
    fields = documents.fields_of(job) | documents.fixed_fields_of(job)
    write = write_of(firestore, firestore.name(COLLECTION, job.id), fields)
    write.current_document.exists = False
    return write


def _list_query(where: Filter, limit: int) -> Any:
    query = query_of(COLLECTION, limit)
    # One query over all shards: Firestore merges their index ranges, and reads what it returns.
    add_condition(query, SHARD, "IN", list(range(SHARDS)))
    for field in ("owner", "status", "type"):
        if (wanted := getattr(where, field)) is not None:
            add_condition(query, field, "EQUAL", wanted)
    if where.label:
        add_condition(query, LABEL_PAIRS, "ARRAY_CONTAINS", documents.label_pair(*where.label))
    return query
