"""Telemetry by OpenTelemetry: what is watched becomes spans, and a collector gets them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Self
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from jobs.context import Link
from jobs.dispatch.queue import JobMessage, Queue
from jobs.job.model import JobError
from jobs.job.store import JobStore
from jobs.settings.settings import Settings
from jobs.telemetry.context import context_of, fail, span_of, traceparent_of
from jobs.telemetry.export import SpansOfRequests, provider
from jobs.telemetry.port import LinkT, OutcomeT, TaskT
from jobs.telemetry.queue import TracedQueue, traced_answer
from jobs.telemetry.requests import TracedRequests
from jobs.telemetry.store import TracedStore

HEALTH = "/livez"
"""A probe is neither traced nor made to wait for a collector."""


class Spans:
    """Keeps the promises of `Telemetry`."""

    def __init__(self, made: TracerProvider, topic: str) -> None:
        self._provider = made
        self._tracer = made.get_tracer("dormouse")
        self._topic = topic

    @classmethod
    def to_collector(cls, service: str, settings: Settings) -> Self:
        """Speaks OTLP as http/protobuf; standard variables say to whom, and with what headers.

        https://opentelemetry.io/docs/specs/otel/protocol/exporter/
        """
        processor = SpansOfRequests(OTLPSpanExporter(timeout=settings.telemetry_seconds))
        return cls(provider(service, settings.project, processor), settings.topic)

    def store(self, store: JobStore) -> JobStore:
        return TracedStore(store, self._tracer)

    def queue(self, queue: Queue) -> Queue:
        return TracedQueue(queue, self._tracer, self._topic)

    def answer(self, answer: Callable[[JobMessage], None]) -> Callable[[JobMessage], None]:
        return traced_answer(answer, self._tracer, self._topic)

    def attempt(
        self, run: Callable[[TaskT, LinkT], OutcomeT]
    ) -> Callable[[TaskT, LinkT], OutcomeT]:
        def traced(task: TaskT, link: LinkT) -> OutcomeT:
            attributes: dict[str, str | int] = {
                "dormouse.job.id": task.job_id,
                "dormouse.job.type": task.job_type,
                "dormouse.job.attempt": task.attempt,
            }
            name = f"handle {task.job_type}"
            with span_of(self._tracer, name, SpanKind.INTERNAL, attributes) as span:
                outcome = run(replace(task, traceparent=traceparent_of(span)), link)
                error: JobError | None = getattr(outcome, "error", None)
                if error:
                    fail(span, error.code)
                return outcome

        return traced

    def handler(self, run: Callable[[TaskT, Link], OutcomeT]) -> Callable[[TaskT, Link], OutcomeT]:
        """Handlers find the tracer where OpenTelemetry has everybody look for it."""
        trace.set_tracer_provider(self._provider)

        def inside(task: TaskT, link: Link) -> OutcomeT:
            token = context.attach(context_of(task.traceparent))
            try:
                return run(task, link)
            finally:
                context.detach(token)
                self._provider.force_flush()

        return inside

    def requests(self, app: WSGIApplication) -> WSGIApplication:
        return self._flushing(TracedRequests(app, self._tracer), untraced=app)

    def pushes(self, app: WSGIApplication) -> WSGIApplication:
        return self._flushing(app, untraced=app)

    def _flushing(self, app: WSGIApplication, untraced: WSGIApplication) -> WSGIApplication:
        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == HEALTH:
                return untraced(environ, start_response)
            try:
                return app(environ, start_response)
            finally:
                # The caller has not seen a byte yet: there is CPU until it has them all.
                self._provider.force_flush()

        return serve
