"""Store and queue in memory that fail when they are told to."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TypeVar

from jobs.dispatch.queue import JobMessage
from jobs.errors import QueueUnavailable, StoreUnavailable
from jobs.events.model import Event
from jobs.job.model import Job, Version
from jobs.memory.jobs import MemoryJobStore, MemoryQueue

T = TypeVar("T")


class Fault(Enum):
    """What happens to a change that can't be answered."""

    NOT_MADE = "not made"
    MADE = "made, but the answer is lost"


class FaultyJobStore(MemoryJobStore):
    """Raises `StoreUnavailable` at the next change once `fault` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.fault: Fault | None = None

    def create(self, job: Job) -> Job:
        return self._perhaps(lambda: super(FaultyJobStore, self).create(job))

    def create_all(self, jobs: Sequence[Job]) -> list[Job]:
        return self._perhaps(lambda: super(FaultyJobStore, self).create_all(jobs))

    def save(self, job: Job, before: Job, event: Event | None = None) -> Job:
        return self._perhaps(lambda: super(FaultyJobStore, self).save(job, before, event))

    def delete(self, job_id: str, if_version: Version) -> None:
        self._perhaps(lambda: super(FaultyJobStore, self).delete(job_id, if_version))

    def _perhaps(self, change: Callable[[], T]) -> T:
        fault, self.fault = self.fault, None
        if fault is Fault.NOT_MADE:
            raise StoreUnavailable
        changed = change()
        if fault is Fault.MADE:
            raise StoreUnavailable
        return changed


class FaultyQueue(MemoryQueue):
    """Raises `QueueUnavailable` at the next dispatch once `fault` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.fault: Fault | None = None

    def dispatch(self, job_messages: Sequence[JobMessage]) -> None:
        fault, self.fault = self.fault, None
        if fault is not Fault.NOT_MADE:
            super().dispatch(job_messages)
        if fault:
            raise QueueUnavailable
