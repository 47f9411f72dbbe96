"""Rings and tickets as spans, by OpenTelemetry's conventions.

https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace
from opentelemetry.trace import SpanKind, Tracer

from jobs.queue import Queue, Ticket
from jobs.telemetry.context import context_of, here_or, link_to, span_of, traceparent_of
from jobs.trace import trace_id


class TracedQueue:
    """Keeps the promises of `Queue` as the queue inside does."""

    def __init__(self, queue: Queue, tracer: Tracer, topic: str) -> None:
        self._queue = queue
        self._tracer = tracer
        self._topic = topic
        self.ping = queue.ping

    def ring(self, tickets: Sequence[Ticket]) -> None:
        if not tickets:
            return
        attributes = _attributes("send", self._topic, tickets[0])
        if len(tickets) > 1:
            attributes = _attributes("send", self._topic)
            attributes |= {"messaging.batch.message_count": len(tickets)}
        job = tickets[0].job if len(tickets) == 1 else None
        parent = here_or(job.trace if job else None)
        name = f"send {self._topic}"
        with span_of(self._tracer, name, SpanKind.PRODUCER, attributes, parent) as span:
            mine = traceparent_of(span)
            self._queue.ring([replace(ticket, traceparent=mine) for ticket in tickets])


def traced_answer(
    answer: Callable[[Ticket], None], tracer: Tracer, topic: str
) -> Callable[[Ticket], None]:
    """The span of a ticket is a child of its ring's and linked to it.

    Where somebody rang later for the job, in a trace of their own, it is linked to the submission
    as well.
    """

    def traced(ticket: Ticket) -> None:
        submitted = ticket.job.trace if ticket.job else None
        rung = ticket.traceparent or submitted
        links = link_to(rung)
        if trace_id(rung) != trace_id(submitted):
            links += link_to(submitted)
        attributes = _attributes("process", topic, ticket)
        name = f"process {topic}"
        parent = context_of(rung)
        with span_of(tracer, name, SpanKind.CONSUMER, attributes, parent, links):
            answer(ticket)

    return traced


def _attributes(operation: str, topic: str, ticket: Ticket | None = None) -> dict[str, str | int]:
    about: Mapping[str, str] = {}
    if ticket:
        about = {"dormouse.job.id": ticket.job_id}
        if ticket.job:
            about |= {"dormouse.job.type": ticket.job.type}
    return {
        "messaging.system": "gcp_pubsub",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
        **about,
    }
