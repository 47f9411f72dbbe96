"""What the views work with. Made once, in `app.create_app`."""

from dataclasses import dataclass

from flask import current_app

from api.auth.access import Access
from api.limits.open_jobs import OpenJobs
from api.limits.submit_rate import SubmitRate
from api.service.dependency_health import DependencyHealth
from api.watching.job_watches import Watches
from api.watching.seats import Seats
from identity.issuers import Issuers
from jobs.dead_letters.store import DeadLetterStore
from jobs.dispatch.queue import Queue
from jobs.dispatch.submit import Submitter
from jobs.job.store import JobStore
from jobs.job_types import Registry
from jobs.runtime import Runtime, Semaphore
from jobs.schedules.creation import Creator
from jobs.schedules.store import ScheduleStore
from jobs.settings.settings import Settings
from jobs.webhooks.webhook_updates import WebhookChanges


@dataclass(frozen=True, kw_only=True)
class Dependencies:
    settings: Settings
    store: JobStore
    dead_letters: DeadLetterStore
    webhooks: WebhookChanges
    schedules: ScheduleStore
    queue: Queue
    registry: Registry
    issuers: Issuers
    access: Access
    submitter: Submitter
    creator: Creator
    submit_rate: SubmitRate
    open_jobs: OpenJobs
    dependency_health: DependencyHealth
    runtime: Runtime
    job_watches: Watches
    seats: Seats
    large_bodies: Semaphore


_KEY = "dormouse"


def provide(extensions: dict[str, object], dependencies: Dependencies) -> None:
    extensions[_KEY] = dependencies


def deps() -> Dependencies:
    """The dependencies of the application that handles this request."""
    found: Dependencies = current_app.extensions[_KEY]
    return found
