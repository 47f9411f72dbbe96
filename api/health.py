"""Is the service up, and what it depends on?"""

import time
from collections.abc import Callable
from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response

from api.dependencies import deps
from api.operation import Answer, operation
from jobs.errors import DormouseError

routes = Blueprint("health", __name__)


class Dependency(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the service needs."""

    status: Literal["ok", "unavailable"]
    latency_ms: Annotated[float, msgspec.Meta(description="How long it took to answer.")]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """`degraded` if a dependency does not answer."""

    status: Literal["ok", "degraded"]
    revision: str
    dependencies: dict[str, Dependency]


@routes.get("/v1/health")
@operation("Health", tag="Service", answer=Health, public=True)
def get_health() -> Answer:
    """The API, and each dependency with its latency. Asks for no token."""
    dependencies = {"store": _ask(deps().store.ping), "queue": _ask(deps().queue.ping)}
    well = all(dependency.status == "ok" for dependency in dependencies.values())
    health = Health(
        status="ok" if well else "degraded",
        revision=deps().settings.revision,
        dependencies=dependencies,
    )
    return Answer(body=health)


@routes.get("/livez")
def livez() -> Response:
    """For the probe inside the container: Google's front end lets no path in that ends in z."""
    return Response("ok", content_type="text/plain")


livez.public = True  # type: ignore[attr-defined]


def _ask(ping: Callable[[], None]) -> Dependency:
    start = time.perf_counter()
    try:
        ping()
    except DormouseError:
        status: Literal["ok", "unavailable"] = "unavailable"
    else:
        status = "ok"
    return Dependency(status=status, latency_ms=round((time.perf_counter() - start) * 1000, 1))
