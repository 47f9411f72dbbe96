"""An attempt's hold on its job: every save of a running attempt goes through here."""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime

from jobs.context import Cancelled
from jobs.errors import StoreUnavailable, VersionConflict
from jobs.job import transitions
from jobs.job.job_log import LINES_KEPT, last_number
from jobs.job.model import Job, LogLine, Progress, Status
from jobs.job.store import JobStore
from jobs.runtime import Runtime
from jobs.telemetry.log import log_event

PACE_SECONDS = 1.0
"""Firestore sustains about one write a second on a document."""
RENEW_SECONDS = 20.0
"""A third of a lease: two renewals may fail before it ends."""
HELD_SECONDS = 55.0
"""How long a claim or a renewal surely holds, from when it was sent, if clocks differ a little."""
RENEW_AGAIN_SECONDS = 3.0
"""After a renewal that the store did not answer."""


class Lease:
    """Follows the job of one attempt through its versions, and notices when it is lost.

    It is the `Hold` of whoever waits for the handler, and the `Link` that the handler's context
    speaks to. Every save renews it. Safe for several threads.
    """

    def __init__(
        self, store: JobStore, claimed: Job, runtime: Runtime, since: float | None = None
    ) -> None:
        """`since` is the boot time before the claim was sent; now, if nothing is said."""
        self._store = store
        self._job = claimed
        self._now = runtime.now
        self._boot_time = runtime.boot_time
        self._ended = False
        self._lock = runtime.lock()
        # A lock of its own: to log is not to wait until the store has answered.
        self._log_lock = runtime.lock()
        self._lines: deque[LogLine] = deque(maxlen=LINES_KEPT)
        self._last_line = last_number(claimed.log)
        self._next_report = 0.0
        since = self._boot_time() if since is None else since
        self._next_check = since + PACE_SECONDS
        self._next_renewal = since + RENEW_SECONDS
        self._held_until = since + HELD_SECONDS

    @property
    def job(self) -> Job:
        """The job as this attempt last saved it."""
        return self._job

    def begin(self) -> None:
        """Make sure of the hold, before the handler starts: this process may have been suspended.

        Raises `Cancelled` if it has ended, or if it may have and the store does not say.
        """
        with self._lock:
            self._require_hold()
            if self._boot_time() < self._held_until:
                return
            try:
                self._save(lambda job: job)
            except StoreUnavailable:
                self._ended = True
                self._require_hold()

    def renew(self) -> float:
        """Hold the job for longer, if it is time to. Returns in how many seconds to ask again.

        Raises `Cancelled` if the job is not this attempt's any more. While the store is away the
        attempt goes on, as nobody can take the job over meanwhile.
        """
        with self._lock:
            self._require_hold()
            if (left := self._next_renewal - self._boot_time()) > 0:
                return left
            try:
                self._save(lambda job: job)
            except StoreUnavailable:
                log_event("job.renewal_failed", self._job, level=logging.WARNING)
                return RENEW_AGAIN_SECONDS
            return RENEW_SECONDS

    def report(self, progress: Progress) -> None:
        with self._lock:
            self._require_hold()
            if self._boot_time() < self._next_report:
                return
            self._next_report = self._boot_time() + PACE_SECONDS
            try:
                self._save(lambda job: transitions.report(job, progress))
            except StoreUnavailable:
                # Progress is not worth the attempt. If this write was kept after all, the next
                # save meets its version and goes on from there.
                log_event("job.report_failed", self._job, level=logging.WARNING)

    def check(self) -> None:
        with self._lock:
            self._require_hold()
            if self._boot_time() < self._next_check:
                return
            self._next_check = self._boot_time() + PACE_SECONDS
            try:
                latest = self._store.get(self._job.id)
            except StoreUnavailable:
                return
            self._ended = latest is None or not _same_attempt(latest, self._job)
            self._require_hold()

    def remember(self, checkpoint: str) -> None:
        with self._lock:
            self._require_hold()
            self._save(lambda job: transitions.remember(job, checkpoint))

    def say(self, time: datetime, level: str, text: str) -> None:
        with self._log_lock:
            self._last_line += 1
            line = LogLine(number=self._last_line, time=time, level=level, text=text)
            self._lines.append(line)

    def end(self, transition: Callable[[Job], Job]) -> Job:
        """Save the attempt's last word and give up the hold. Returns the job as saved.

        Raises `Cancelled` if the job is not this attempt's any more: then nothing was changed.
        """
        with self._lock:
            self._require_hold()
            self._save(transition)
            self._ended = True
            return self._job

    def _save(self, transition: Callable[[Job], Job]) -> None:
        sent = self._boot_time()
        with self._log_lock:
            lines = tuple(self._lines)
        try:
            changed = self._renewed(transition(transitions.say(self._job, lines)))
            self._job = self._store.save(changed, before=self._job)
        except VersionConflict:
            latest = self._store.get(self._job.id)
            if latest is None or not _same_attempt(latest, self._job):
                self._ended = True
                self._require_hold()
            else:
                changed = self._renewed(transition(transitions.say(latest, lines)))
                self._job = self._store.save(changed, before=latest)
        self._next_renewal = sent + RENEW_SECONDS
        self._held_until = sent + HELD_SECONDS

    def _renewed(self, job: Job) -> Job:
        return transitions.renew(job, self._now()) if job.status is Status.RUNNING else job

    def _require_hold(self) -> None:
        if self._ended:
            raise Cancelled("The job is not this attempt's any more.")


def _same_attempt(latest: Job, held: Job) -> bool:
    """Whether the document still shows the attempt that holds this lease."""
    return latest.status is Status.RUNNING and (latest.attempt, latest.started_at) == (
        held.attempt,
        held.started_at,
    )
