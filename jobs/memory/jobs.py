"""Store and queue in memory: for tests and for the embedded mode. Nothing outlives the process."""

import queue
import threading
from collections.abc import Sequence
from datetime import datetime

from jobs.dead_letters.store import DeadLetter, Reason
from jobs.dispatch.queue import JobMessage
from jobs.errors import JobExists
from jobs.events.model import Event
from jobs.job.model import Job, Version
from jobs.job.store import Cursor, Filter, page_of, summary_of
from jobs.memory.events import MemoryEventStore
from jobs.memory.schedules import MemoryScheduleStore
from jobs.memory.versioned import Versioned, newest_first
from jobs.memory.webhooks import MemoryWebhookStore
from jobs.stores import Stores


class MemoryJobStore:
    """Keeps the promises of `JobStore` for the threads of one process, and its events."""

    def __init__(self) -> None:
        self.events = MemoryEventStore()
        self._jobs: Versioned[Job] = Versioned()
        self._lock = threading.Lock()

    def create(self, job: Job) -> Job:
        with self._lock:
            if job.id in self._jobs:
                raise JobExists
            return self._jobs.keep(job)

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        with self._lock:
            if any(job.id in self._jobs for job in jobs):
                raise JobExists
            return [self._jobs.keep(job) for job in jobs]

    def get(self, job_id: str) -> Job | None:
        return self._jobs.get(job_id)

    def get_all(self, job_ids: Sequence[str]) -> dict[str, Job]:
        return {job_id: job for job_id in job_ids if (job := self._jobs.get(job_id))}

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        with self._lock:
            self._jobs.expect(job.id, before.version)
            kept = self._jobs.keep(job)
            if event:
                self.events.keep(event)
        if event:
            self.events.created(event)
        return kept

    def delete(self, job_id: str, if_version: Version) -> None:
        with self._lock:
            self._jobs.delete(job_id, if_version)

    def list_jobs(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        with self._lock:
            found = [job for job in self._jobs.all() if _matches(job, where)]
        return page_of(newest_first(found, limit, after))

    def list_summaries(self, where: Filter, limit: int, after: Cursor | None = None) -> list[Job]:
        with self._lock:
            found = [summary_of(job) for job in self._jobs.all() if _matches(job, where)]
        return page_of(newest_first(found, limit, after))

    def due(self, shard: int, before: datetime, limit: int) -> list[Job]:
        with self._lock:
            waking = [
                (job.wake_at, job.id, job)
                for job in self._jobs.all()
                if job.shard == shard and job.wake_at and job.wake_at < before
            ]
        return [job for _, _, job in sorted(waking, key=lambda entry: entry[:2])[:limit]]

    def count_open(self, owner: str, up_to: int) -> int:
        with self._lock:
            found = [job for job in self._jobs.all() if job.owner == owner]
        return min(up_to, sum(not job.is_terminal for job in found))

    def ping(self) -> None:
        pass


class MemoryDeadLetterStore:
    """Keeps the promises of `DeadLetterStore` for the threads of one process."""

    def __init__(self) -> None:
        self._letters: dict[str, DeadLetter] = {}

    def add(self, dead_letter: DeadLetter) -> None:
        self._letters.setdefault(dead_letter.id, dead_letter)

    def get(self, letter_id: str) -> DeadLetter | None:
        return self._letters.get(letter_id)

    def list_dead_letters(
        self, limit: int, after: Cursor | None = None, *, reason: Reason | None = None
    ) -> list[DeadLetter]:
        found = [one for one in self._letters.copy().values() if reason in (None, one.reason)]
        return newest_first(found, limit, after)

    def delete(self, letter_id: str) -> None:
        self._letters.pop(letter_id, None)


class MemoryQueue:
    """Holds encoded job messages until somebody takes them."""

    def __init__(self) -> None:
        self._job_messages: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def dispatch(self, job_messages: Sequence[JobMessage]) -> None:
        for job_message in job_messages:
            self._job_messages.put(job_message.encode())

    def ping(self) -> None:
        pass

    def take(self, timeout: float | None = 0) -> bytes | None:
        """The next job message as the worker would get it, or None after so many seconds."""
        try:
            return (
                self._job_messages.get(timeout=timeout)
                if timeout
                else self._job_messages.get_nowait()
            )
        except queue.Empty:
            return None


def memory_stores(jobs: MemoryJobStore | None = None) -> Stores:
    """All the stores in one memory; around this store of jobs, if one is given."""
    jobs = jobs or MemoryJobStore()
    return Stores(
        jobs=jobs,
        dead_letters=MemoryDeadLetterStore(),
        events=jobs.events,
        schedules=MemoryScheduleStore(jobs),
        webhooks=MemoryWebhookStore(jobs.events),
    )


def _matches(job: Job, where: Filter) -> bool:
    return (
        (where.owner is None or job.owner == where.owner)
        and (where.status is None or job.status is where.status)
        and (where.type is None or job.type == where.type)
        and (where.label is None or job.labels.get(where.label[0]) == where.label[1])
    )
