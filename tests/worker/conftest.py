"""A worker in one process on the in-memory store and queue, with a clock that tests can turn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from jobs.context import Link
from jobs.dispatch.queue import JobMessage
from jobs.dispatch.submit import Submitter
from jobs.job.model import Job
from jobs.memory.jobs import MemoryDeadLetterStore, MemoryJobStore, MemoryQueue
from jobs.runtime import MACHINE, Runtime
from tests.factories import an_order
from tests.worker.misbehaving import REGISTRY
from worker.attempts.attempts import Attempts
from worker.attempts.claim import Claims
from worker.attempts.outcome import HandlerOutcome
from worker.dead_letters.recorder import DeadLetterRecorder
from worker.processes.run import Task, run_handler
from worker.secrets.secret_files import NO_SECRETS, SecretFiles
from worker.sweep.sweep import Sweep

OWNER = "user:ann@example.com"


def run_here(task: Task, link: Link) -> HandlerOutcome:
    return run_handler(REGISTRY.get(task.job_type), task, link)


class Clock:
    """Stands still until it is told to sleep."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class Harness:
    """The whole way of a job, without HTTP."""

    clock: Clock = field(default_factory=Clock)
    store: MemoryJobStore = field(default_factory=MemoryJobStore)
    dead_letters: MemoryDeadLetterStore = field(default_factory=MemoryDeadLetterStore)
    queue: MemoryQueue = field(default_factory=MemoryQueue)
    secrets: SecretFiles = NO_SECRETS

    def __post_init__(self) -> None:
        now, sleep = self.clock.now, self.clock.sleep
        self.submitter = Submitter(
            store=self.store,
            queue=self.queue,
            registry=REGISTRY,
            now=now,
            new_id=MACHINE.new_id,
            secrets=self.secrets.bindings,
        )
        self.claims = Claims(
            store=self.store, registry=REGISTRY, worker="here", now=now, sleep=sleep
        )
        self.runtime = Runtime(now=now, sleep=sleep, uniform=lambda _, ceiling: ceiling)
        self.sweep = Sweep(
            store=self.store, queue=self.queue, registry=REGISTRY, runtime=self.runtime
        )
        self.intake = DeadLetterRecorder(
            store=self.store, dead_letters=self.dead_letters, registry=REGISTRY, now=now
        )
        self.attempts = self.attempts_with(run_here)

    def attempts_with(
        self, run: Callable[[Task, Link], HandlerOutcome], slots: int = 4
    ) -> Attempts:
        return Attempts(
            store=self.store,
            queue=self.queue,
            registry=REGISTRY,
            claims=self.claims,
            run=run,
            slots=threading.Semaphore(slots),
            allowed_hosts=frozenset(),
            secrets=self.secrets,
            runtime=self.runtime,
        )

    def submit(self, job_type: str, payload: Any = None, **changes: Any) -> Job:
        raw = msgspec.Raw(msgspec.json.encode(payload or {}))
        order = an_order(type=job_type, payload=raw, owner=OWNER, **changes)
        return self.submitter.submit(order).job

    def job_messages(self) -> list[JobMessage]:
        """Everything that was dispatched and not taken yet."""
        taken = []
        while (data := self.queue.take()) is not None:
            taken.append(JobMessage.decode(data))
        return taken

    def work(self) -> None:
        """Answer job messages until there are none."""
        while job_messages := self.job_messages():
            for job_message in job_messages:
                self.attempts.answer(job_message)

    def job(self, job: Job) -> Job:
        found = self.store.get(job.id)
        assert found is not None
        return found


@pytest.fixture
def harness() -> Harness:
    return Harness()
