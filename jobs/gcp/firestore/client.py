"""Firestore's own messages on a plain channel: commit, get, query.

Why not the official client: docs/decisions/0002-generated-messages-on-a-plain-channel.md.
"""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import grpc

from jobs.errors import StoreUnavailable
from jobs.gcp.channel import TRIES, Refused, call, connect
from jobs.gcp.messages import message
from jobs.runtime import MACHINE, Runtime
from jobs.settings.settings import Settings

BatchGetDocumentsRequest = message("google.firestore.v1.BatchGetDocumentsRequest")
BatchGetDocumentsResponse = message("google.firestore.v1.BatchGetDocumentsResponse")
CommitRequest = message("google.firestore.v1.CommitRequest")
CommitResponse = message("google.firestore.v1.CommitResponse")
Document = message("google.firestore.v1.Document")
GetDocumentRequest = message("google.firestore.v1.GetDocumentRequest")
RunAggregationQueryRequest = message("google.firestore.v1.RunAggregationQueryRequest")
RunAggregationQueryResponse = message("google.firestore.v1.RunAggregationQueryResponse")
RunQueryRequest = message("google.firestore.v1.RunQueryRequest")
RunQueryResponse = message("google.firestore.v1.RunQueryResponse")

_SERVICE = "/google.firestore.v1.Firestore"


def connect_firestore(settings: Settings) -> grpc.Channel:
    return connect("firestore.googleapis.com", settings.firestore_emulator)


class Firestore:
    """One database. Every method raises `StoreUnavailable` when it can't be reached in time."""

    def __init__(
        self, channel: grpc.Channel, settings: Settings, runtime: Runtime = MACHINE
    ) -> None:
        self.runtime = runtime
        self._database = f"projects/{settings.project}/databases/{settings.database}"
        self._documents = f"{self._database}/documents"
        self._metadata: tuple[tuple[str, str], ...] = (
            ("google-cloud-resource-prefix", self._database),
            ("x-goog-request-params", _routing(settings.project, settings.database)),
        )
        if settings.firestore_emulator:
            # The emulator's word for a server client, which security rules don't bind.
            self._metadata += (("authorization", "Bearer owner"),)
        self._commit = channel.unary_unary(
            f"{_SERVICE}/Commit",
            CommitRequest.SerializeToString,
            CommitResponse.FromString,
        )
        self._get = channel.unary_unary(
            f"{_SERVICE}/GetDocument",
            GetDocumentRequest.SerializeToString,
            Document.FromString,
        )
        self._batch_get = channel.unary_stream(
            f"{_SERVICE}/BatchGetDocuments",
            BatchGetDocumentsRequest.SerializeToString,
            BatchGetDocumentsResponse.FromString,
        )
        self._run_query = channel.unary_stream(
            f"{_SERVICE}/RunQuery",
            RunQueryRequest.SerializeToString,
            RunQueryResponse.FromString,
        )
        self._run_aggregation_query = channel.unary_stream(
            f"{_SERVICE}/RunAggregationQuery",
            RunAggregationQueryRequest.SerializeToString,
            RunAggregationQueryResponse.FromString,
        )

    def name(self, collection: str, document_id: str) -> str:
        """The full resource name of a document."""
        return f"{self._documents}/{collection}/{document_id}"

    def commit(self, writes: Sequence[Any]) -> Any:
        """All of the writes or none of them. Returns the response.

        Raises `Refused` if a precondition does not hold, `StoreUnavailable` for every other
        refusal: rights, a wrong database, a document too large are faults of the deployment.
        """
        try:
            return self._call(self._commit, CommitRequest(database=self._database, writes=writes))
        except Refused as refused:
            # Where no write asks for a document to be there, what was not found is the database.
            gone = refused.status is grpc.StatusCode.NOT_FOUND and any(
                write.current_document.HasField("update_time") or write.current_document.exists
                for write in writes
            )
            if gone or refused.status in _CONFLICTS:
                raise
            raise StoreUnavailable(refused.status.name) from refused

    def get(self, name: str, tries: int = TRIES) -> Any:
        """The document, or None. One document read."""
        try:
            return self._call(self._get, GetDocumentRequest(name=name), tries)
        except Refused as refused:
            if refused.status is grpc.StatusCode.NOT_FOUND:
                return None
            raise StoreUnavailable(refused.status.name) from refused

    def get_all(self, names: Sequence[str]) -> list[Any]:
        """Those of the documents that there are, in any order. One document read for each name."""
        if not names:
            return []
        request = BatchGetDocumentsRequest(database=self._database, documents=names)
        answers = self._stream(self._batch_get, request)
        return [answer.found for answer in answers if answer.HasField("found")]

    def query(self, query: Any) -> list[Any]:
        """The documents that a structured query finds."""
        request = RunQueryRequest(parent=self._documents, structured_query=query)
        answers = self._stream(self._run_query, request)
        return [answer.document for answer in answers if answer.HasField("document")]

    def query_within(self, query: Any, max_bytes: int) -> tuple[list[Any], bool]:
        """The first documents that a structured query finds, and whether there may be more.

        The answer is left off behind the document with which they come to `max_bytes`.
        """
        request = RunQueryRequest(parent=self._documents, structured_query=query)

        cut = False

        def first(answers: Any) -> list[Any]:
            nonlocal cut
            found, left = [], max_bytes
            for answer in answers:
                if answer.HasField("document"):
                    found.append(answer.document)
                    left -= answer.ByteSize()
                if cut := left <= 0:
                    answers.cancel()
                    break
            return found

        return self._stream(self._run_query, request, first), cut

    def count(self, query: Any) -> int:
        """How many documents a structured query finds. A read for each 1000 of them."""
        request = RunAggregationQueryRequest(parent=self._documents)
        request.structured_aggregation_query.structured_query.CopyFrom(query)
        request.structured_aggregation_query.aggregations.add(alias="count").count.SetInParent()
        (answer,) = self._stream(self._run_aggregation_query, request)
        return int(answer.result.aggregate_fields["count"].integer_value)

    def _stream(
        self, method: Callable[..., Any], request: Any, read: Callable[[Any], list[Any]] = list
    ) -> list[Any]:
        """What is wanted of a streaming method's answers: a broken stream is asked again."""

        def whole(request: Any, **options: Any) -> list[Any]:
            return read(method(request, **options))

        try:
            answers: list[Any] = self._call(whole, request)
        except Refused as refused:
            raise StoreUnavailable(refused.status.name) from refused
        return answers

    def _call(self, method: Callable[..., Any], request: Any, tries: int = TRIES) -> Any:
        return call(
            method, request, self._metadata, StoreUnavailable, runtime=self.runtime, tries=tries
        )


def _routing(project: str, database: str) -> str:
    """Where to route the call. A named database answers nothing to any other form.

    https://google.aip.dev/client-libraries/4222, googleapis/google-cloud-rust#4033
    """
    return f"project_id={quote(project, safe='')}&database_id={quote(database, safe='')}"


_CONFLICTS = frozenset({grpc.StatusCode.ALREADY_EXISTS, grpc.StatusCode.FAILED_PRECONDITION})
