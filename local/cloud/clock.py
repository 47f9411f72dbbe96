"""Cloud Scheduler's part: calls the worker's sweep once a minute.

https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from local.cloud.caller import UNREACHABLE, WorkerCaller
from local.cloud.settings import CloudSettings

ATTEMPT_DEADLINE_SECONDS = 180.0
MINUTE = timedelta(minutes=1)
SUCCESS = range(200, 300)

log = logging.getLogger("dormouse.local")


class Clock:
    """Calls the sweep at full minutes, one call at a time: one job of Cloud Scheduler.

    The first call is made as soon as the worker answers, so that a run does not begin with a
    minute in which delayed jobs wait. A call whose time comes while another is under way is made
    when that one has ended, as Cloud Scheduler makes it.
    """

    def __init__(
        self,
        sweep: Callable[[datetime], int],
        now: Callable[[], datetime],
        wait: Callable[[float], bool],
        *,
        every: int = 1,
        offset: int = 0,
    ) -> None:
        """`sweep` makes the call that was scheduled for a time, and returns the answer's status.

        It is called at the minutes of the hour that leave `offset` when divided by `every`.
        `wait` is `threading.Event.wait` of the event that ends the local cloud.
        """
        self._sweep = sweep
        self._now = now
        self._wait = wait
        self._every = every
        self._offset = offset

    def run(self) -> None:
        scheduled = self._now()
        while self._sweep(scheduled) == UNREACHABLE:
            if self._wait(1.0):
                return
        while not self._sleep_until(scheduled := self._next_after(scheduled)):
            if (status := self._sweep(scheduled)) not in SUCCESS:
                log.warning("the worker answered the sweep with %d", status)
            # Several missed calls are made up for by one.
            scheduled = max(scheduled, self._now() - MINUTE)

    def _next_after(self, moment: datetime) -> datetime:
        planned = minute_after(moment)
        while planned.minute % self._every != self._offset:
            planned += MINUTE
        return planned

    def _sleep_until(self, moment: datetime) -> bool:
        """Whether the local cloud has ended."""
        return self._wait(max(0.0, (moment - self._now()).total_seconds()))


def call_sweep(settings: CloudSettings, caller: WorkerCaller, scheduled: datetime) -> int:
    """The worker's answer to the call that was scheduled for this time."""
    return caller.post(
        "/sweep",
        account=settings.scheduler_account,
        seconds=ATTEMPT_DEADLINE_SECONDS,
        headers={
            "User-Agent": "Google-Cloud-Scheduler",
            "X-CloudScheduler": "true",
            "X-CloudScheduler-JobName": "dormouse-sweep",
            "X-CloudScheduler-ScheduleTime": scheduled.isoformat(),
        },
        body=b"",
    )


def minute_after(moment: datetime) -> datetime:
    """The next full minute."""
    return moment.replace(second=0, microsecond=0) + MINUTE
