"""What becomes a span, under which name, and in which trace."""

from datetime import timedelta
from typing import NoReturn

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from jobs.context import Link
from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import SNAPSHOT_LIMIT, JobMessage
from jobs.errors import StoreUnavailable, VersionConflict
from jobs.job import transitions
from jobs.job.model import Job, JobError
from jobs.memory.jobs import MemoryJobStore, MemoryQueue
from jobs.telemetry.trace import trace_id
from tests.factories import LEASE, MINUTE, T0, TRACEPARENT, a_job
from tests.telemetry.conftest import (
    TOPIC,
    Watched,
    linked_places,
    own_place,
    parent_place,
    place_of,
)
from tests.worker.test_pool import RecordingLink
from worker.attempts.outcome import Failed, HandlerOutcome, Succeeded
from worker.processes.run import Task
from worker.secrets.secret_files import NO_SECRETS

OTHER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
UNSAMPLED = f"{TRACEPARENT[:-2]}00"
ONE_SECOND = timedelta(seconds=1)


def taken(queue: MemoryQueue) -> JobMessage:
    data = queue.take()
    assert data
    return JobMessage.decode(data)


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
    """Jobs that are created in one commit are one span, and so is the dispatch them."""
    store = watched.spans.store(MemoryJobStore())
    queue = watched.spans.queue(MemoryQueue())
    kept = store.create_all([a_job(id="a" * 32), a_job(id="b" * 32)])
    try_dispatch(queue, kept)
    queue.dispatch([])
    assert watched.names == ["create jobs", f"send {TOPIC}"]
    assert (watched.named("create jobs").attributes or {})["db.operation.batch.size"] == 2
    sent = watched.named(f"send {TOPIC}")
    assert (sent.attributes or {})["messaging.batch.message_count"] == 2


def test_a_job_message_carries_its_dispatch(watched: Watched) -> None:
    """The dispatch is in the job's trace, a sweep's too, and the job message says so."""
    inside = MemoryQueue()
    watched.spans.queue(inside).dispatch([JobMessage.to(a_job())])
    sent = watched.named(f"send {TOPIC}")
    assert sent.kind is SpanKind.PRODUCER
    assert parent_place(sent) == place_of(TRACEPARENT)
    assert place_of(taken(inside).traceparent) == own_place(sent)


def test_a_job_message_without_its_job_carries_its_dispatch_too(watched: Watched) -> None:
    """A job that is too large for its job message does not lose its trace."""
    inside = MemoryQueue()
    job = a_job(labels={"much": "x" * SNAPSHOT_LIMIT})
    watched.spans.queue(inside).dispatch([JobMessage.to(job)])
    job_message = taken(inside)
    assert job_message.job is None
    assert trace_id(job_message.traceparent) == trace_id(TRACEPARENT)


def test_a_job_message_is_a_child_of_its_dispatch(watched: Watched) -> None:
    """What the worker does for a job message is in the trace of the dispatch, and linked to it."""
    store = watched.spans.store(MemoryJobStore())

    def answer(job_message: JobMessage) -> None:
        assert job_message.job
        store.create(job_message.job)

    dispatch = f"00-{trace_id(TRACEPARENT)}-{'1' * 16}-01"
    watched.spans.answer(answer)(
        JobMessage(job_id="x", version=a_job().version, traceparent=dispatch, job=a_job())
    )
    span = watched.named(f"process {TOPIC}")
    assert span.kind is SpanKind.CONSUMER
    assert parent_place(span) == place_of(dispatch)
    assert linked_places(span) == [place_of(dispatch)]
    assert parent_place(watched.named("create job")) == own_place(span)


def test_a_dispatch_in_another_trace_is_linked_to_the_submission(watched: Watched) -> None:
    """Where somebody else rang later, such as an operator, both traces lead to the attempt."""
    job_message = JobMessage(job_id="x", version=a_job().version, traceparent=OTHER, job=a_job())
    watched.spans.answer(lambda _: None)(job_message)
    span = watched.named(f"process {TOPIC}")
    assert parent_place(span) == place_of(OTHER)
    assert linked_places(span) == [place_of(OTHER), place_of(TRACEPARENT)]


def test_a_job_message_of_an_api_without_telemetry_is_in_the_jobs_trace(watched: Watched) -> None:
    """The two services need not be switched at the same moment."""
    watched.spans.answer(lambda _: None)(JobMessage.to(a_job()))
    assert parent_place(watched.named(f"process {TOPIC}")) == place_of(TRACEPARENT)


def test_a_job_message_that_must_come_again_fails_its_span(watched: Watched) -> None:
    """The error passes through; the span names it."""

    def answer(_: JobMessage) -> NoReturn:
        raise StoreUnavailable

    with pytest.raises(StoreUnavailable):
        watched.spans.answer(answer)(JobMessage.to(a_job()))
    span = watched.named(f"process {TOPIC}")
    assert (span.attributes or {})["error.type"] == "store_unavailable"


def test_nothing_is_kept_of_a_trace_that_is_not_sampled(watched: Watched) -> None:
    """Whoever starts a trace decides whether it is kept, all the way through."""
    store = watched.spans.store(MemoryJobStore())
    inside = MemoryQueue()
    job = store.create(a_job(trace=UNSAMPLED))
    watched.spans.queue(inside).dispatch([JobMessage.to(job)])
    job_message = taken(inside)
    watched.spans.answer(lambda _: None)(job_message)
    assert watched.names == []
    assert job_message.traceparent
    assert job_message.traceparent.endswith("-00")


def run(watched: Watched, outcome: HandlerOutcome) -> list[Task]:
    """What the runner is given, for a job of `words.say`."""
    given: list[Task] = []

    def runner(task: Task, _link: Link) -> HandlerOutcome:
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
