"""The services' code within an instance: by itself, or under both Flask applications."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec
from werkzeug.test import Client, TestResponse

import api.app
import worker.app
from identity.tokens import Principal
from jobs.dispatch.dispatching import try_dispatch
from jobs.dispatch.queue import JobMessage
from jobs.dispatch.submit import Submitter
from jobs.errors import DormouseError, JobNotFound, TransitionRefused
from jobs.events.event_recording import AnnouncingJobStore
from jobs.gcp.firestore.changes import DocumentEventData
from jobs.job import transitions
from jobs.job.change import change
from jobs.job.model import Status
from jobs.job.order import Order
from jobs.job.spec import JobSpec
from jobs.settings.roles import Binding, Role
from jobs.settings.settings import Settings
from jobs.telemetry.port import OFF
from jobs.webhooks.listeners import Listeners
from simulation.handlers import Handlers, registry_for
from simulation.ports import SimulatedQueue, stores_of
from worker.envelope import Envelope, Message
from worker.parallel import in_parallel
from worker.parts import assemble

if TYPE_CHECKING:
    from simulation.instance import Instance
    from simulation.world import World

ADA: Final = "ada@example.com"
OWNER: Final = f"user:{ADA}"
SETTINGS: Final = Settings(
    project="sim",
    api_audiences=("https://api",),
    worker_audience="https://worker",
    push_account="push@sim",
    scheduler_account="clock@sim",
    eventarc_account="eventarc@sim",
    roles=(Binding(Role.SUBMITTER, (OWNER,)),),
    processes=30,
)
FEW: Final = 3
Body = Mapping[str, Any]
_CALLERS: Final = {"/sweep": "clock@sim", "/events": "eventarc@sim"}


@dataclass(frozen=True, kw_only=True)
class Push:
    """One request to the worker, as Google's part makes it."""

    path: str
    data: bytes = b""
    number: int = 0
    event_id: str = ""

    @property
    def envelope(self) -> Envelope:
        return Envelope(message=Message(data=self.data, message_id=str(self.number)))


class RefusedByApi(DormouseError):
    """The API's answer was no 2xx."""

    code = "refused_by_api"
    retryable = True


class Services:
    """Makes the service of each instance."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._registry = registry_for(world, older=False)
        self._older = registry_for(world, older=True)

    def make(self, instance: "Instance") -> Any:
        world, plan = self._world, self._world.plan
        old = plan.older_release and world.faulty and world.scheduler.rng.random() < 0.5  # noqa: PLR2004
        registry = self._older if old and instance.kind == "worker" else self._registry
        settings = replace(SETTINGS, processes=FEW) if plan.limits else SETTINGS
        parts: dict[str, Any] = {
            "stores": stores_of(world, instance, world.stores),
            "queue": SimulatedQueue(world),
            "registry": registry,
            "runtime": instance.runtime,
        }
        if instance.kind == "worker":
            parts["runner"] = Handlers(instance, registry)
            return (HttpWorker if plan.over_http else Worker)(settings, parts)
        return (HttpApi if plan.over_http else Api)(settings, parts)


class Worker:
    """The worker's parts, as its paths call them."""

    def __init__(self, settings: Settings, parts: Mapping[str, Any]) -> None:
        self._runtime = parts["runtime"]
        self._parts = assemble(settings, triggers={}, telemetry=OFF, publisher=None, **parts)
        self.stop = self._parts.stop

    def take(self, push: Push) -> None:
        """Raises `DormouseError`: then it is not acknowledged."""
        parts = self._parts
        match push.path:
            case "/jobs":
                parts.answer(JobMessage.decode(push.data))
            case "/dead-letters":
                parts.dead_letters.take_in(push.envelope)
            case "/events":
                parts.fan_out.tell(push.event_id)
            case "/sweep":
                passes = (parts.fan_out.sweep, parts.sweep.run, parts.schedules.run)
                in_parallel(self._runtime, *passes)


class Api:
    """What the API's routes do with jobs, without their manners."""

    def __init__(self, settings: Settings, parts: Mapping[str, Any]) -> None:
        runtime = parts["runtime"]
        seconds = timedelta(seconds=settings.webhook_cache_seconds)
        listeners = Listeners(parts["stores"].webhooks, runtime, seconds)
        self._store = AnnouncingJobStore(inner=parts["stores"].jobs, listening=listeners.of_job)
        self._queue, self._registry, self._now = parts["queue"], parts["registry"], runtime.now
        self._submitter = Submitter(
            store=self._store,
            queue=self._queue,
            registry=self._registry,
            now=runtime.now,
            new_id=runtime.new_id,
        )

    def submit(self, body: Body, key: str | None) -> str:
        """The id of the job."""
        return self._submitter.submit(_order(body, key)).job.id

    def submit_all(
        self, bodies: Sequence[Mapping[str, Any]], keys: Sequence[str | None]
    ) -> list[str]:
        """The ids of the jobs of a batch."""
        orders = [_order(*one) for one in zip(bodies, keys, strict=True)]
        return [one.job.id for one in self._submitter.submit_all(orders)]

    def act(self, verb: str, job_id: str) -> None:
        """Cancel, retry or delete."""
        job = self._store.get(job_id)
        if job is None:
            raise JobNotFound
        keep_for = self._registry.keep_for(job.type)
        match verb:
            case "cancel":
                change(
                    self._store,
                    job,
                    lambda job: (
                        job
                        if job.status is Status.CANCELLED
                        else transitions.cancel(job, self._now(), keep_for=keep_for)
                    ),
                )
            case "retry":
                kept = change(self._store, job, lambda job: transitions.retry(job, self._now()))
                try_dispatch(self._queue, [kept])
            case "delete":
                if not job.is_terminal:
                    raise TransitionRefused
                self._store.delete(job.id, job.version)


def _order(body: Body, key: str | None) -> Order:
    delay = body.get("delay_seconds")
    return Order(
        spec=JobSpec(
            type=body["type"],
            payload=msgspec.Raw(msgspec.json.encode(body["payload"])),
            max_attempts=body["max_attempts"],
            notify=body["notify"]["url"] if "notify" in body else None,
        ),
        owner=OWNER,
        delay=None if delay is None else timedelta(seconds=delay),
        idempotency_key=key,
    )


class _Trusting:
    """A verifier to which a token is an address."""

    def verify(self, token: str, _audiences: Sequence[str]) -> Principal:
        return Principal(token)


def _expect(response: TestResponse) -> Any:
    if response.status_code == 500:  # noqa: PLR2004
        raise AssertionError(response.text)
    if response.status_code >= 300:  # noqa: PLR2004
        raise RefusedByApi(f"{response.status_code}: {response.text}")
    return response.get_json(silent=True)


class HttpWorker:
    """The worker's Flask application."""

    def __init__(self, settings: Settings, parts: Mapping[str, Any]) -> None:
        self._app = worker.app.create_app(settings, verifier=_Trusting(), **parts)  # type: ignore[arg-type]
        self._app.config["PROPAGATE_EXCEPTIONS"] = True
        self.stop = self._app.extensions[worker.app.STOP]

    def take(self, push: Push) -> None:
        headers = {"Authorization": f"Bearer {_CALLERS.get(push.path, 'push@sim')}"}
        if push.path == "/events":
            told = DocumentEventData()
            told.value.name = f"projects/p/databases/(default)/documents/events/{push.event_id}"
            body = told.SerializeToString()
            headers |= {
                "ce-id": push.event_id,
                "ce-source": "firestore",
                "ce-type": "google.cloud.firestore.document.v1.created",
                "content-type": "application/protobuf",
            }
        else:
            message = {"data": base64.b64encode(push.data).decode(), "messageId": str(push.number)}
            body = msgspec.json.encode({"message": message, "subscription": "s"})
        _expect(Client(self._app).post(push.path, data=body, headers=headers))


class HttpApi:
    """The API's Flask application."""

    def __init__(self, settings: Settings, parts: Mapping[str, Any]) -> None:
        self._app = api.app.create_app(settings, verifier=_Trusting(), **parts)  # type: ignore[arg-type]
        self._app.config["PROPAGATE_EXCEPTIONS"] = True
        self.stop = self._app.extensions[api.app.STOP]

    def _ask(self, method: str, path: str, key: str | None = None, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {ADA}"} | ({"Idempotency-Key": key} if key else {})
        return _expect(Client(self._app).open(path, method=method, headers=headers, **options))

    def submit(self, body: Body, key: str | None) -> str:
        return str(self._ask("POST", "/v1/jobs", key, json=body)["id"])

    def submit_all(
        self, bodies: Sequence[Mapping[str, Any]], keys: Sequence[str | None]
    ) -> list[str]:
        jobs = [
            {**body, "idempotency_key": key} if key else body
            for body, key in zip(bodies, keys, strict=True)
        ]
        made = self._ask("POST", "/v1/jobs:batchCreate", json={"jobs": jobs})["jobs"]
        return [str(one.get("job", one)["id"]) for one in made]

    def act(self, verb: str, job_id: str) -> None:
        if verb == "delete":
            self._ask("DELETE", f"/v1/jobs/{job_id}")
        else:
            self._ask("POST", f"/v1/jobs/{job_id}:{verb}")
