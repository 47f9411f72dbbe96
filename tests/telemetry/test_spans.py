"""What becomes a span, under which name, and in which trace."""

from datetime import timedelta
from typing import NoReturn

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from jobs import transitions
from jobs.context import Link
from jobs.errors import StoreUnavailable, VersionConflict
from jobs.memory import MemoryJobStore, MemoryQueue
from jobs.model import Job, JobError
from jobs.queue import SNAPSHOT_LIMIT, Ticket
from jobs.ringing import ring_softly
from jobs.trace import trace_id
from tests.making import LEASE, MINUTE, T0, TRACEPARENT, a_job
from tests.telemetry.conftest import (
    TOPIC,
    Watched,
    linked_places,
    own_place,
    parent_place,
    place_of,
)
from tests.worker.test_pool import RecordingLink
from worker.outcome import Failed, Outcome, Succeeded
from worker.run import Task
from worker.secret_files import NO_SECRETS

OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = f"{TRACEPARENT[:-2]}00"
ONE_SECOND = timedelta(seconds=1)


def taken(queue: MemoryQueue) -> Ticket:
    data = queue.take()
    assert data
    return Ticket.decode(data)


def test_every_change_of_a_job_has_its_name(watched: Watched) -> None:
    """Create, claim and finish are told apart; what changes neither is a save."""
    store = watched.spans.store(MemoryJobStore())
    job = store.create(a_job())
    claimed = store.save(transitions.claim(job, T0, lease=LEASE, worker="w"), before=job)
    held = store.save(transitions.remember(claimed, "{}"), before=claimed)
    store.save(transitions.succeed(held, T0, "1", keep_for=MINUTE), before=held)
    assert watched.names == ["create job", "claim job", "save job", "finish job"]
    span = watched.named("claim job")
    assert span.kind is SpanKind.CLIENT
    assert span.attributes
    assert span.attributes["dormouse.job.id"] == job.id
    assert parent_place(span) == place_of(job.trace)


def test_reads_are_no_spans(watched: Watched) -> None:
    """A caller who waits reads again and again: that would drown what matters."""
    inside = MemoryJobStore()
    store = watched.spans.store(inside)
    assert store.get == inside.get
    assert store.due == inside.due


def test_a_refused_change_fails_its_span(watched: Watched) -> None:
    """The span names the error and keeps its text to itself."""
    store = watched.spans.store(MemoryJobStore())
    job = store.create(a_job())
    with pytest.raises(VersionConflict):
        store.save(job, before=a_job(version="older"))
    span = watched.named("save job")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "version_conflict"
    assert span.events == ()


def test_a_batch_is_one_span(watched: Watched) -> None:
    """Jobs that are created in one commit are one span, and so is the ring for them."""
    store = watched.spans.store(MemoryJobStore())
    queue = watched.spans.queue(MemoryQueue())
    kept = store.create_all([a_job(id="a" * 32), a_job(id="b" * 32)])
    ring_softly(queue, kept)
    queue.ring([])
    assert watched.names == ["create jobs", f"send {TOPIC}"]
    assert (watched.named("create jobs").attributes or {})["db.operation.batch.size"] == 2
    sent = watched.named(f"send {TOPIC}")
    assert (sent.attributes or {})["messaging.batch.message_count"] == 2


def test_a_ticket_carries_its_ring(watched: Watched) -> None:
    """The ring is in the job's trace, also where a sweep rings, and the ticket says so."""
    inside = MemoryQueue()
    watched.spans.queue(inside).ring([Ticket.to(a_job())])
    sent = watched.named(f"send {TOPIC}")
    assert sent.kind is SpanKind.PRODUCER
    assert parent_place(sent) == place_of(TRACEPARENT)
    assert place_of(taken(inside).traceparent) == own_place(sent)


def test_a_ticket_without_its_job_carries_its_ring_too(watched: Watched) -> None:
    """A job that is too large for its ticket does not lose its trace."""
    inside = MemoryQueue()
    job = a_job(labels={"much": "x" * SNAPSHOT_LIMIT})
    watched.spans.queue(inside).ring([Ticket.to(job)])
    ticket = taken(inside)
    assert ticket.job is None
    assert trace_id(ticket.traceparent) == trace_id(TRACEPARENT)


def test_a_ticket_is_a_child_of_its_ring(watched: Watched) -> None:
    """What the worker does for a ticket is in the trace of the ring, and linked to it."""
    store = watched.spans.store(MemoryJobStore())

    def answer(ticket: Ticket) -> None:
        assert ticket.job
        store.create(ticket.job)

    ring = f"00-{trace_id(TRACEPARENT)}-{'1' * 16}-01"
    watched.spans.answer(answer)(
        Ticket(job_id="x", version=a_job().version, traceparent=ring, job=a_job())
    )
    span = watched.named(f"process {TOPIC}")
    assert span.kind is SpanKind.CONSUMER
    assert parent_place(span) == place_of(ring)
    assert linked_places(span) == [place_of(ring)]
    assert parent_place(watched.named("create job")) == own_place(span)


def test_a_ring_in_another_trace_is_linked_to_the_submission(watched: Watched) -> None:
    """Where somebody else rang later, such as an operator, both traces lead to the attempt."""
    ticket = Ticket(job_id="x", version=a_job().version, traceparent=OTHER, job=a_job())
    watched.spans.answer(lambda _: None)(ticket)
    span = watched.named(f"process {TOPIC}")
    assert parent_place(span) == place_of(OTHER)
    assert linked_places(span) == [place_of(OTHER), place_of(TRACEPARENT)]


def test_a_ticket_of_an_api_without_telemetry_is_in_the_jobs_trace(watched: Watched) -> None:
    """The two services need not be switched at the same moment."""
    watched.spans.answer(lambda _: None)(Ticket.to(a_job()))
    assert parent_place(watched.named(f"process {TOPIC}")) == place_of(TRACEPARENT)


def test_a_ticket_that_must_come_again_fails_its_span(watched: Watched) -> None:
    """The error passes through; the span names it."""

    def answer(_: Ticket) -> NoReturn:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        watched.spans.answer(answer)(Ticket.to(a_job()))
    span = watched.named(f"process {TOPIC}")
    assert (span.attributes or {})["error.type"] == "store_unavailable"


def test_nothing_is_kept_of_a_trace_that_is_not_sampled(watched: Watched) -> None:
    """Whoever starts a trace decides whether it is kept, all the way through."""
    store = watched.spans.store(MemoryJobStore())
    inside = MemoryQueue()
    job = store.create(a_job(trace=UNSAMPLED))
    watched.spans.queue(inside).ring([Ticket.to(job)])
    ticket = taken(inside)
    watched.spans.answer(lambda _: None)(ticket)
    assert watched.names == []
    assert ticket.traceparent
    assert ticket.traceparent.endswith("-00")


def run(watched: Watched, outcome: Outcome) -> list[Task]:
    """What the runner is given, for a job of `words.say`."""
    given: list[Task] = []

    def runner(task: Task, _link: Link) -> Outcome:
        given.append(task)
        return outcome

    job: Job = transitions.claim(a_job(), T0, lease=LEASE, worker="w")
    task = Task.of(job, ONE_SECOND, frozenset(), NO_SECRETS)
    assert watched.spans.attempt(runner)(task, RecordingLink()) is outcome
    return given


def test_a_handler_gets_the_span_of_its_attempt(watched: Watched) -> None:
    """What a handler sends on to others is its own attempt's place in the trace."""
    [task] = run(watched, Succeeded("1"))
    span = watched.named("handle words.say")
    assert place_of(task.traceparent) == own_place(span)
    assert (span.attributes or {})["dormouse.job.attempt"] == 1
    assert span.status.status_code is StatusCode.UNSET


def test_a_failed_attempt_fails_its_span(watched: Watched) -> None:
    """The error's stable code is the span's, and its message, which may quote a payload, is not."""
    run(watched, Failed(JobError(code="handler_error", message="card 4242")))
    span = watched.named("handle words.say")
    assert (span.attributes or {})["error.type"] == "handler_error"
    assert "4242" not in span.to_json()
