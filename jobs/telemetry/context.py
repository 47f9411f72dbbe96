"""Between OpenTelemetry's contexts and the `traceparent` that jobs, job messages and tasks carry.

https://www.w3.org/TR/trace-context/
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_W3C = TraceContextTextMapPropagator()
_FIELD = "traceparent"


def context_of(traceparent: str | None) -> Context:
    """The context in which a span is a child of this one; without one, the start of a trace."""
    return _W3C.extract({_FIELD: traceparent} if traceparent else {}, Context())


def traceparent_of(span: Span) -> str:
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, trace.set_span_in_context(span, Context()))
    return carrier[_FIELD]


def link_to(traceparent: str | None) -> list[Link]:
    """A link to this span; none to nothing."""
    context = trace.get_current_span(context_of(traceparent)).get_span_context()
    return [Link(context)] if context.is_valid else []


def here_or(traceparent: str | None) -> Context | None:
    """This thread's context, which None means, or the given one where the thread has none."""
    is_inside = trace.get_current_span().get_span_context().is_valid
    return None if is_inside else context_of(traceparent)


@contextmanager
def span_of(
    tracer: Tracer,
    name: str,
    kind: SpanKind,
    attributes: Mapping[str, str | int],
    parent: Context | None = None,
    links: list[Link] | None = None,
) -> Iterator[Span]:
    """A span around what is done inside. It fails as that does, and says no more than which error.

    The text of an error may hold what a payload held.
    """
    with tracer.start_as_current_span(
        name,
        context=parent,
        kind=kind,
        attributes=attributes,
        links=links,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except Exception as error:
            fail(span, getattr(error, "code", type(error).__qualname__))
            raise


def fail(span: Span, code: str) -> None:
    span.set_attribute("error.type", code)
    span.set_status(StatusCode.ERROR, code)
