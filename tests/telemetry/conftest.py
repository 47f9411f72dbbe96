"""Spans that are kept here instead of being sent."""

from dataclasses import dataclass

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from jobs.telemetry.export import provider
from jobs.telemetry.spans import Spans

TOPIC = "jobs"


@dataclass
class Watched:
    """The telemetry of a service, and what it saw."""

    spans: Spans
    exporter: InMemorySpanExporter

    def named(self, name: str) -> ReadableSpan:
        """The one span of this name."""
        [found] = [one for one in self.exporter.get_finished_spans() if one.name == name]
        return found

    @property
    def names(self) -> list[str]:
        """In the order in which they ended."""
        return [one.name for one in self.exporter.get_finished_spans()]


@pytest.fixture
def watched() -> Watched:
    exporter = InMemorySpanExporter()
    made = provider("api", "test-project", SimpleSpanProcessor(exporter))
    return Watched(Spans(made, TOPIC), exporter)


def place_of(traceparent: str | None) -> tuple[int, int]:
    """The trace and the span that a header names."""
    assert traceparent
    _, trace, span, _ = traceparent.split("-")
    return int(trace, 16), int(span, 16)


def own_place(span: ReadableSpan) -> tuple[int, int]:
    assert span.context
    return span.context.trace_id, span.context.span_id


def parent_place(span: ReadableSpan) -> tuple[int, int]:
    assert span.parent
    return span.parent.trace_id, span.parent.span_id


def linked_places(span: ReadableSpan) -> list[tuple[int, int]]:
    return [(link.context.trace_id, link.context.span_id) for link in span.links]
