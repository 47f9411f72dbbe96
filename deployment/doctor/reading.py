"""From a project's answers to a snapshot of a deployment."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from deployment.doctor import shapes
from deployment.doctor.snapshot import (
    Database,
    Health,
    ScheduledCall,
    Snapshot,
    Subscription,
    Trigger,
    Wanted,
)
from deployment.doctor.source import Source, Unreadable

_SWEEPS = (
    'resource.type="cloud_run_revision" resource.labels.service_name="{name}-worker"'
    ' jsonPayload.event="sweep.done"'
)
_UNREADABLE = (
    'resource.type="cloud_run_revision"'
    ' resource.labels.service_name=("{name}-api" OR "{name}-worker")'
    ' jsonPayload.event="document.unreadable"'
)
_FIRESTORE = "https://firestore.googleapis.com/v1/projects"
_Read = TypeVar("_Read")


class Reading:
    """Reads each part by itself: what can't be read is noted, and the rest is there."""

    def __init__(
        self,
        source: Source,
        *,
        project: str,
        name: str,
        wanted: Wanted,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._source = source
        self._project = project
        self._name = name
        self._wanted = wanted
        self._now = now
        self._unread: dict[str, str] = {}

    def snapshot(self) -> Snapshot:
        """Raises `Unreadable` only if the project itself can't be looked at."""
        project = self._source.gcloud("projects", "describe", self._project)
        found = self._try("services", self._services) or {}
        region = shapes.region_of(next(iter(found.values()))) if found else ""
        services = {
            service: shapes.service_of(
                one, self._policy("run services", one["metadata"]["name"], region)
            )
            for service, one in found.items()
        }
        subscriptions = self._try("subscriptions", self._subscriptions)
        worker = services.get("worker")
        database = worker.environment.get("DORMOUSE_DATABASE") if worker else None
        api = services.get("api")
        return Snapshot(
            name=self._name,
            project=self._project,
            number=str(project["projectNumber"]),
            region=region,
            now=self._now(),
            wanted=self._wanted,
            api=api,
            worker=worker,
            publishers=self._publishers(subscriptions or ()),
            subscriptions=subscriptions,
            scheduled=self._try("scheduler jobs", lambda: self._scheduled(region))
            if region
            else None,
            triggers=self._try("triggers", self._triggers),
            event_receivers=shapes.members(
                self._try("the project's policy", self._project_policy),
                "roles/eventarc.eventReceiver",
            ),
            database=self._try("indexes", lambda: self._database(database or "(default)")),
            last_sweep=self._try("logs", self._last_sweep),
            dead_letters=self._try(
                "dead letters", lambda: self._dead_letters(database or "(default)")
            ),
            unreadable=self._try("logs", self._unreadable),
            health=self._try("health", lambda: self._health(api.url)) if api else None,
            unread=self._unread,
        )

    def _try(self, what: str, read: Callable[[], _Read]) -> _Read | None:
        try:
            return read()
        except Unreadable as why:
            self._unread[what] = str(why)
            return None

    def _ask(self, command: str, *words: str) -> Any:
        return self._source.gcloud(*command.split(), *words, f"--project={self._project}")

    def _services(self) -> dict[str, Any]:
        """By their last name, `api` and `worker`, those that are there."""
        prefix = f"{self._name}-"
        return {
            one["metadata"]["name"].removeprefix(prefix): one
            for one in self._ask("run services list")
            if one["metadata"]["name"] in {f"{prefix}api", f"{prefix}worker"}
        }

    def _policy(self, kind: str, name: str, region: str = "") -> Any:
        where = [f"--region={region}"] if region else []
        return self._try(
            f"who may use {name}", lambda: self._ask(f"{kind} get-iam-policy", name, *where)
        )

    def _subscriptions(self) -> tuple[Subscription, ...]:
        return tuple(
            shapes.subscription_of(
                one, self._policy("pubsub subscriptions", shapes.short(one["name"]))
            )
            for one in self._ask("pubsub subscriptions list")
            if shapes.short(one["name"]).startswith(f"{self._name}-")
        )

    def _publishers(
        self, subscriptions: tuple[Subscription, ...]
    ) -> dict[str, frozenset[str] | None]:
        topics = sorted({one.dead_letter_topic for one in subscriptions if one.dead_letter_topic})
        return {
            topic: shapes.members(self._policy("pubsub topics", topic), "roles/pubsub.publisher")
            for topic in topics
        }

    def _scheduled(self, region: str) -> tuple[ScheduledCall, ...]:
        jobs = [
            shapes.scheduled_of(one)
            for one in self._ask("scheduler jobs list", f"--location={region}")
            if shapes.short(one["name"]).startswith(f"{self._name}-")
        ]
        return tuple(job for job in jobs if job)

    def _triggers(self) -> tuple[Trigger, ...]:
        listed = self._ask("eventarc triggers list", "--location=-")
        found = [shapes.trigger_of(one, f"{self._name}-worker") for one in listed]
        return tuple(trigger for trigger in found if trigger)

    def _project_policy(self) -> Any:
        return self._source.gcloud("projects", "get-iam-policy", self._project)

    def _database(self, database: str) -> Database:
        named = f"--database={database}"
        return shapes.database_of(
            self._ask("firestore indexes composite list", named),
            self._ask("firestore indexes fields list", named),
            self._ask("firestore fields ttls list", named),
        )

    def _last_sweep(self) -> datetime | None:
        words = [_SWEEPS.format(name=self._name), "--limit=1", "--freshness=1h"]
        found = self._ask("logging read", *words)
        return datetime.fromisoformat(found[0]["timestamp"]) if found else None

    def _unreadable(self) -> tuple[str, ...]:
        words = [_UNREADABLE.format(name=self._name), "--limit=100", "--freshness=1d"]
        named = [
            one["jsonPayload"]["document"].partition("/documents/")[2]
            for one in self._ask("logging read", *words)
            if "document" in one.get("jsonPayload", {})
        ]
        return tuple(sorted(set(named)))

    def _dead_letters(self, database: str) -> int:
        """Counted by Firestore, which costs one read for each thousand."""
        query = {"from": [{"collectionId": "dead_letters"}]}
        counted = {"structuredQuery": query, "aggregations": [{"alias": "all", "count": {}}]}
        url = f"{_FIRESTORE}/{self._project}/databases/{database}/documents:runAggregationQuery"
        answer = self._source.page(url, {"structuredAggregationQuery": counted}).body
        try:
            return int(answer[0]["result"]["aggregateFields"]["all"]["integerValue"])
        except (TypeError, LookupError) as error:
            raise Unreadable(f"Firestore answers {answer}") from error

    def _health(self, url: str) -> Health:
        page = self._source.page(f"{url}/v1/health")
        now = self._now()
        try:
            said = parsedate_to_datetime(page.headers["Date"])
            return Health(status=page.body["status"], skew=now - said)
        except (TypeError, LookupError, ValueError) as error:
            raise Unreadable(f"{url}/v1/health answers {page.body}") from error
