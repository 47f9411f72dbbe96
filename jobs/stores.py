"""The stores of a deployment, side by side: in one Firestore database, or in one memory."""

from dataclasses import dataclass

from jobs.dead_letters.store import DeadLetterStore
from jobs.events.store import EventStore
from jobs.job.store import JobStore
from jobs.schedules.store import ScheduleStore
from jobs.webhooks.store import WebhookStore


@dataclass(frozen=True, kw_only=True)
class Stores:
    """What both services are made with.

    `jobs` and `webhooks` write into `events`, `schedules` into `jobs`.
    """

    jobs: JobStore
    dead_letters: DeadLetterStore
    events: EventStore
    webhooks: WebhookStore
    schedules: ScheduleStore
