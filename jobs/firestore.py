"""Jobs in Firestore. Speaks Firestore's own messages on a plain channel.

https://cloud.google.com/firestore/docs/reference/rpc/google.firestore.v1
"""

import secrets
from collections.abc import Callable
from datetime import datetime
from typing import Any

import grpc

from jobs import documents
from jobs.channel import TRIES, Refused, call, connect
from jobs.documents import LABEL_PAIRS, SHARD, WRITE_ID, Document, to_value
from jobs.errors import JobExists, StoreUnavailable, VersionConflict
from jobs.generated import messages
from jobs.model import SHARDS, Job, Version
from jobs.settings import Settings
from jobs.store import Cursor, Filter

_firestore = messages("google.cloud.firestore_v1", "firestore")
_query = messages("google.cloud.firestore_v1", "query")
_write = messages("google.cloud.firestore_v1", "write")

CommitRequest = _firestore.CommitRequest.pb()
GetDocumentRequest = _firestore.GetDocumentRequest.pb()
RunQueryRequest = _firestore.RunQueryRequest.pb()
StructuredQuery = _query.StructuredQuery.pb()
Write = _write.Write.pb()

_SERVICE = "/google.firestore.v1.Firestore"
_COLLECTION = "jobs"


def connect_firestore(settings: Settings) -> grpc.Channel:
    return connect("firestore.googleapis.com", settings.firestore_emulator)


class FirestoreJobStore:
    """Keeps the promises of `JobStore` in one Firestore database.

    Every write carries a fresh `write_id`. A conditional write that had to be sent twice may fail
    on its own first copy; the id in the document then tells that the change was made.
    """

    def __init__(self, channel: grpc.Channel, settings: Settings) -> None:
        self._database = f"projects/{settings.project}/databases/{settings.database}"
        self._documents = f"{self._database}/documents"
        self._metadata: tuple[tuple[str, str], ...] = (
            ("google-cloud-resource-prefix", self._database),
            ("x-goog-request-params", f"database={self._database}"),
        )
        if settings.firestore_emulator:
            # The emulator's word for a server client, which security rules don't bind.
            self._metadata += (("authorization", "Bearer owner"),)
        self._commit = channel.unary_unary(
            f"{_SERVICE}/Commit",
            CommitRequest.SerializeToString,
            _firestore.CommitResponse.pb().FromString,
        )
        self._get = channel.unary_unary(
            f"{_SERVICE}/GetDocument", GetDocumentRequest.SerializeToString, Document.FromString
        )
        self._run_query = channel.unary_stream(
            f"{_SERVICE}/RunQuery",
            RunQueryRequest.SerializeToString,
            _firestore.RunQueryResponse.pb().FromString,
        )

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
            self._call(self._commit, CommitRequest(database=self._database, writes=[write]))
        except Refused as refused:
            if not (refused.repeated and self._read(job_id) is None):
                raise VersionConflict from refused

    def list_jobs(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        query = _jobs_query(limit)
        # One query over all shards: Firestore merges their index ranges, and reads what it returns.
        _add_condition(query, SHARD, "IN", list(range(SHARDS)))
        for field in ("owner", "status", "type"):
            if (wanted := getattr(where, field)) is not None:
                _add_condition(query, field, "EQUAL", wanted)
        if where.label:
            _add_condition(query, LABEL_PAIRS, "ARRAY_CONTAINS", documents.label_pair(*where.label))
        _add_order(query, "created_at", "DESCENDING")
        _add_order(query, "__name__", "DESCENDING")
        if after:
            place = query.start_at.values
            place.append(to_value(after.created_at))
            place.add().reference_value = self._name(after.id)
        return self._query(query)

    def due(self, shard: int, before: datetime, limit: int) -> list[Job]:
        query = _jobs_query(limit)
        _add_condition(query, SHARD, "EQUAL", shard)
        _add_condition(query, "wake_at", "LESS_THAN", before)
        _add_order(query, "wake_at", "ASCENDING")
        return self._query(query)

    def ping(self) -> None:
        self._read("ping", tries=1)

    def _name(self, job_id: str) -> str:
        return f"{self._documents}/{_COLLECTION}/{job_id}"

    def _write(self, job_id: str, fields: dict[str, Any]) -> Any:
        fields[WRITE_ID] = to_value(secrets.token_hex(8))
        return Write(update=Document(name=self._name(job_id), fields=fields))

    def _change(self, job: Job, write: Any, conflict: type[JobExists | VersionConflict]) -> Job:
        request = CommitRequest(database=self._database, writes=[write])
        try:
            update_time = self._call(self._commit, request).write_results[0].update_time
        except Refused as refused:
            update_time = self._own_write(job.id, write) if refused.repeated else None
            if update_time is None:
                raise _conflict(refused, conflict) from refused
        return job.evolve(version=documents.version_of(update_time))

    def _own_write(self, job_id: str, write: Any) -> Any:
        """When the document was changed by this very write, or None if it was not."""
        document = self._read(job_id)
        if document is None or document.fields[WRITE_ID] != write.update.fields[WRITE_ID]:
            return None
        return document.update_time

    def _read(self, job_id: str, tries: int = TRIES) -> Any:
        request = GetDocumentRequest(name=self._name(job_id))
        try:
            return self._call(self._get, request, tries)
        except Refused as refused:
            if refused.status is grpc.StatusCode.NOT_FOUND:
                return None
            raise StoreUnavailable from refused

    def _query(self, query: Any) -> list[Job]:
        request = RunQueryRequest(parent=self._documents, structured_query=query)

        def run(request: Any, **options: Any) -> list[Any]:
            return list(self._run_query(request, **options))

        try:
            answers = self._call(run, request)
        except Refused as refused:
            raise StoreUnavailable from refused
        return [documents.job_of(one.document) for one in answers if one.HasField("document")]

    def _call(self, method: Callable[..., Any], request: Any, tries: int = TRIES) -> Any:
        return call(method, request, self._metadata, StoreUnavailable, tries=tries)


def _conflict(
    refused: Refused, conflict: type[JobExists | VersionConflict]
) -> JobExists | VersionConflict | StoreUnavailable:
    expected = {
        grpc.StatusCode.ALREADY_EXISTS,
        grpc.StatusCode.FAILED_PRECONDITION,
        grpc.StatusCode.NOT_FOUND,
    }
    # Anything else is a fault of the deployment: rights, a wrong database, a document too large.
    return conflict() if refused.status in expected else StoreUnavailable(refused.status.name)


def _jobs_query(limit: int) -> Any:
    query = StructuredQuery()
    query.from_.add(collection_id=_COLLECTION)
    query.limit.value = limit
    query.where.composite_filter.op = query.where.composite_filter.Operator.Value("AND")
    return query


def _add_condition(query: Any, field: str, operator: str, value: Any) -> None:
    condition = query.where.composite_filter.filters.add().field_filter
    condition.field.field_path = field
    condition.op = condition.Operator.Value(operator)
    condition.value.CopyFrom(to_value(value))


def _add_order(query: Any, field: str, direction: str) -> None:
    order = query.order_by.add()
    order.field.field_path = field
    order.direction = StructuredQuery.Direction.Value(direction)
