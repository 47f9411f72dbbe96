"""The attempts that this process runs just now, so that it can hand them back when it must stop."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from jobs import transitions
from jobs.context import Cancelled
from jobs.errors import DormouseError
from jobs.log import log, log_event
from jobs.queue import Queue
from jobs.ringing import ring_softly
from worker.lease import Lease


class Running:
    """Knows the leases that this process holds. Safe for threads."""

    def __init__(self, queue: Queue, now: Callable[[], datetime]) -> None:
        self._queue = queue
        self._now = now
        self._leases: set[Lease] = set()
        self._lock = threading.Lock()

    @contextmanager
    def holding(self, lease: Lease) -> Iterator[None]:
        with self._lock:
            self._leases.add(lease)
        try:
            yield
        finally:
            with self._lock:
                self._leases.discard(lease)

    def hand_back(self, end_handlers: Callable[[], None]) -> None:
        """Queue every running job again, without counting its attempt, and ring for it.

        For a process that was told to stop. The handlers are ended first, so that none of them
        still works on a job that another worker has already begun anew.
        """
        with self._lock:
            leases = list(self._leases)
        end_handlers()
        threads = [threading.Thread(target=self._hand_back, args=(lease,)) for lease in leases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _hand_back(self, lease: Lease) -> None:
        try:
            job = lease.end(lambda job: transitions.hand_back(job, self._now()))
        except Cancelled:
            return
        except DormouseError:
            log.exception("job %s could not be handed back; its lease will end", lease.job.id)
            return
        log_event("job.handed_back", job)
        ring_softly(self._queue, [job])
