"""Is the service up, and what it depends on?"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Literal

import msgspec
from flask import Blueprint, Response
from msgspec import Meta

from api.auth.callers import public
from api.dependencies import deps
from api.http.operation import Answer, Operation
from api.service.dependency_health import Dependency

routes = Blueprint("health", __name__)


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the service and its dependencies are."""

    status: Annotated[
        Literal["ok", "degraded"], Meta(description="`degraded` if a dependency does not answer.")
    ]
    revision: Annotated[str, Meta(description="Which release of the service answers.")]
    dependencies: Mapping[str, Dependency]


@routes.get("/v1/health")
@Operation(
    summary="Health",
    tag="Service",
    answer=Health,
    also={503: "A dependency does not answer. The body says which."},
    public=True,
)
def get_health() -> Answer:
    """The API, and each dependency with its latency. Asks for no token.

    What the dependencies answered may be a few seconds old.
    """
    dependencies = deps().dependency_health.dependencies()
    well = all(dependency.status == "ok" for dependency in dependencies.values())
    health = Health(
        status="ok" if well else "degraded",
        revision=deps().settings.revision,
        dependencies=dependencies,
    )
    return Answer(body=health, status=HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)


@routes.get("/livez")
@public
def livez() -> Response:
    """For the probe inside the container: Google's front end lets no path in that ends in z."""
    return Response("ok", content_type="text/plain")
