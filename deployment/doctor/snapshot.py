"""What was read of a deployment, at one moment. None where it could not be read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

IndexFields = tuple[tuple[str, str], ...]
"""The fields of an index, each with its order."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Cloud Run service, as its latest template says."""

    name: str
    url: str
    ingress: str
    invoker_check: bool
    invokers: frozenset[str] | None
    """Members that have `roles/run.invoker` on it."""
    audiences: frozenset[str]
    """Those that Cloud Run takes beside the service's URLs."""
    concurrency: int
    timeout_seconds: int
    environment: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Call:
    """How Google calls the worker: where, as whom, with a token for which audience."""

    name: str
    endpoint: str
    account: str
    audience: str


@dataclass(frozen=True, kw_only=True)
class Subscription:
    name: str
    topic: str
    ack_deadline_seconds: int
    expires: bool
    push: Call | None
    dead_letter_topic: str | None
    delivery_attempts: int
    subscribers: frozenset[str] | None
    """Members that have `roles/pubsub.subscriber` on it."""


@dataclass(frozen=True, kw_only=True)
class ScheduledCall:
    call: Call
    paused: bool
    deadline_seconds: float


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """Of Eventarc, to the worker."""

    name: str
    path: str
    account: str
    conditions: Mapping[str, str]
    """What is wrong with it, as Eventarc says."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """Firestore's indexes, exceptions from them, and deletion by time."""

    indexes: Mapping[tuple[str, IndexFields], str]
    """The state of each, by its collection and fields."""
    unindexed: frozenset[tuple[str, str]]
    """Collections with their fields."""
    ttl: Mapping[tuple[str, str], str]
    """The state of each."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What this repository's code needs of a deployment."""

    threads: Mapping[str, int]
    """gunicorn's, for `api` and `worker`."""
    indexes: frozenset[tuple[str, IndexFields]]
    unindexed: frozenset[tuple[str, str]]
    ttl: frozenset[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Health:
    """What the API itself answers."""

    status: str
    skew: timedelta
    """How far this machine's clock is ahead of the service's."""


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    name: str
    """What the names of all resources begin with."""
    project: str
    number: str
    region: str
    now: datetime
    wanted: Wanted
    api: Service | None = None
    worker: Service | None = None
    publishers: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    """By topic: the members that have `roles/pubsub.publisher` on it."""
    subscriptions: tuple[Subscription, ...] | None = None
    scheduled: tuple[ScheduledCall, ...] | None = None
    triggers: tuple[Trigger, ...] | None = None
    event_receivers: frozenset[str] | None = None
    """Members that have `roles/eventarc.eventReceiver` on the project."""
    database: Database | None = None
    last_sweep: datetime | None = None
    dead_letters: int | None = None
    unreadable: tuple[str, ...] | None = None
    """Documents that the services could not read lately, by collection and id."""
    health: Health | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    """What could not be read, and why."""

    @property
    def pubsub_agent(self) -> str:
        """Pub/Sub itself: https://cloud.google.com/pubsub/docs/handling-failures."""
        return f"serviceAccount:service-{self.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

    @property
    def job_messages(self) -> Subscription | None:
        return self.subscription(f"{self.name}-jobs-push")

    def subscription(self, name: str) -> Subscription | None:
        found = [one for one in self.subscriptions or () if one.name == name]
        return found[0] if found else None
