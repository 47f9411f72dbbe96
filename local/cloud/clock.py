"""Cloud Scheduler's part: calls the worker's sweep once a minute.

https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus

from local.cloud.caller import UNREACHABLE, WorkerCaller
from local.cloud.settings import CloudSettings

ATTEMPT_DEADLINE_SECONDS = 180.0
MINUTE = timedelta(minutes=1)

log = logging.getLogger("dormouse.local")


class Clock:
    """Calls the sweep at every full minute, one call at a time.

    The first call is made as soon as the worker answers, so that a run does not begin with a
    minute in which delayed jobs wait. A call whose time comes while another is under way is made
    when that one has ended, as Cloud Scheduler makes it.
    """

    def __init__(
        self,
        settings: CloudSettings,
        caller: WorkerCaller,
        now: Callable[[], datetime],
        wait: Callable[[float], bool],
    ) -> None:
        """`wait` is `threading.Event.wait` of the event that ends the local cloud."""
        self._settings = settings
        self._caller = caller
        self._now = now
        self._wait = wait

    def run(self) -> None:
        scheduled = self._now()
        while self._sweep(scheduled) == UNREACHABLE:
            if self._wait(1.0):
                return
        while not self._sleep_until(scheduled := minute_after(scheduled)):
            if (status := self._sweep(scheduled)) != HTTPStatus.OK:
                log.warning("the worker answered the sweep with %d", status)
            # Several missed calls are made up for by one.
            scheduled = max(scheduled, self._now() - MINUTE)

    def _sleep_until(self, moment: datetime) -> bool:
        """Whether the local cloud has ended."""
        return self._wait(max(0.0, (moment - self._now()).total_seconds()))

    def _sweep(self, scheduled: datetime) -> int:
        return self._caller.post(
            "/sweep",
            account=self._settings.scheduler_account,
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
