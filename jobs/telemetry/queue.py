"""Dispatches and job messages as spans, by OpenTelemetry's conventions.

https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/
"""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace
from opentelemetry.trace import SpanKind, Tracer

from jobs.dispatch.queue import JobMessage, Queue
from jobs.telemetry.context import context_of, here_or, link_to, span_of, traceparent_of
from jobs.telemetry.trace import trace_id


class TracedQueue:
    """Keeps the promises of `Queue` as the queue inside does."""

    def __init__(self, queue: Queue, tracer: Tracer, topic: str) -> None:
        self._queue = queue
        self._tracer = tracer
        self._topic = topic
        self.ping = queue.ping

    def dispatch(self, job_messages: Sequence[JobMessage]) -> None:
        if not job_messages:
            return
        attributes = _attributes("send", self._topic, job_messages[0])
        if len(job_messages) > 1:
            attributes = _attributes("send", self._topic)
            attributes |= {"messaging.batch.message_count": len(job_messages)}
        job = job_messages[0].job if len(job_messages) == 1 else None
        parent = here_or(job.trace if job else None)
        name = f"send {self._topic}"
        with span_of(self._tracer, name, SpanKind.PRODUCER, attributes, parent) as span:
            mine = traceparent_of(span)
            self._queue.dispatch(
                [replace(job_message, traceparent=mine) for job_message in job_messages]
            )


def traced_answer(
    answer: Callable[[JobMessage], None], tracer: Tracer, topic: str
) -> Callable[[JobMessage], None]:
    """The span of a job message is a child of its dispatch's and linked to it.

    Where somebody rang later for the job, in a trace of their own, it is linked to the submission
    as well.
    """

    def traced(job_message: JobMessage) -> None:
        submitted = job_message.job.trace if job_message.job else None
        dispatched = job_message.traceparent or submitted
        links = link_to(dispatched)
        if trace_id(dispatched) != trace_id(submitted):
            links += link_to(submitted)
        attributes = _attributes("process", topic, job_message)
        name = f"process {topic}"
        parent = context_of(dispatched)
        with span_of(tracer, name, SpanKind.CONSUMER, attributes, parent, links):
            answer(job_message)

    return traced


def _attributes(
    operation: str, topic: str, job_message: JobMessage | None = None
) -> dict[str, str | int]:
    about: Mapping[str, str] = {}
    if job_message:
        about = {"dormouse.job.id": job_message.job_id}
        if job_message.job:
            about |= {"dormouse.job.type": job_message.job.type}
    return {
        "messaging.system": "gcp_pubsub",
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": topic,
        **about,
    }
