"""A collector on loopback: OTLP as http/protobuf, decoded with the protocol's own messages."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask, Response, request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from werkzeug.serving import make_server

from local.ports import LOOPBACK


@dataclass(frozen=True)
class Received:
    """A span, and which service sent it."""

    service: str
    span: Span

    @property
    def error(self) -> str | None:
        found = [one.value.string_value for one in self.span.attributes if one.key == "error.type"]
        return found[0] if found else None


@dataclass
class Collector:
    """Keeps what it gets."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self, body: bytes) -> None:
        asked = ExportTraceServiceRequest.FromString(body)
        with self.changed:
            for resource in asked.resource_spans:
                names = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self.received += [Received(names["service.name"], one) for one in scope.spans]
            self.changed.notify_all()

    def of_trace(self, trace_id: str) -> dict[str, Received]:
        """The spans of one trace, by name."""
        with self.changed:
            found = [one for one in self.received if one.span.trace_id.hex() == trace_id]
        return {one.span.name: one for one in found}

    def wait_for(self, is_there: Callable[[], bool], seconds: float = 30.0) -> None:
        with self.changed:
            assert self.changed.wait_for(is_there, seconds), [r.span.name for r in self.received]


@contextmanager
def running_collector() -> Iterator[Collector]:
    collector = Collector()
    app = Flask("collector")

    @app.post("/v1/traces")
    def take() -> Response:
        collector.take(request.get_data())
        body = ExportTraceServiceResponse().SerializeToString()
        return Response(body, content_type="application/x-protobuf")

    server = make_server(LOOPBACK, 0, app, threaded=True)
    collector.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
