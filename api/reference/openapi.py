"""The OpenAPI 3.1 document, made from what decodes the requests and encodes the answers.

https://spec.openapis.org/oas/v3.1.1
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import Flask

from api.http.problems import Problem
from api.reference.examples import examples_of
from api.reference.operations import describe, routes_of
from api.reference.responses import HEADERS
from api.reference.schemas import Schema, Schemas, unwrapped
from api.service.job_type_resources import JobTypeResource
from jobs.job_types import JobType, Registry

SECURITY: Final = "identityToken"
JOB_TYPES: Final = "x-job-types"
"""Tells which components are the payload and the result of each job type."""

TAGS: Final[Mapping[str, str]] = {
    "Jobs": "One piece of work each: submit it, follow it, change it.",
    "Many jobs": "The same for many jobs at once.",
    "Schedules": "Jobs that are made again and again, by the clock.",
    "Job types": "What kinds of work there are.",
    "Webhooks": "URLs that hear of what happens to your jobs: docs/webhooks.md.",
    "Dead letters": "What could not be delivered to a worker. For operators.",
    "Service": "How the service itself is.",
}
_INFO: Final = {
    "title": "Dormouse",
    "version": "v1",
    "summary": "Durable background jobs.",
    "description": unwrapped(
        """
        Submit a job, and it is done at least once by a worker, whatever crashes meanwhile.

        Every request carries an identity token. Bodies are JSON in UTF-8 without repeated
        names; unknown fields and query parameters are refused. Times are RFC 3339 in UTC.
        Errors are `application/problem+json` (RFC 9457) with a stable `code`.
        """
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_SCHEME: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A Google identity token made for this service's audience, with a verified"
    " email. Where the deployment has a Firebase or Identity Platform project, also the ID token of"
    " one of its users, as the client libraries give it out. Behind an API Gateway that verifies"
    " callers itself, send the gateway what it asks for: it tells this service who you are. Whoever"
    " you are, you need a role here: `GET /v1/me` shows whom you are taken for.",
}


def openapi(app: Flask, registry: Registry) -> Schema:
    """The document of the application's routes and of these job types. Takes some milliseconds."""
    registry = registry.offered
    routes = list(routes_of(app))
    operations = [route.operation for route in routes]
    types = [kind for one in operations for kind in (one.body, one.answer, *one.events.values())]
    types += [kind for one in registry for kind in (one.payload_type, one.result_type)]
    schemas = Schemas([kind for kind in dict.fromkeys([*types, Problem]) if kind is not None])
    examples = examples_of(registry)
    paths: dict[str, Schema] = {}
    for route in routes:
        described = describe(route, schemas, examples, registry)
        paths.setdefault(route.path, {})[route.method] = described
    return {
        "openapi": "3.1.1",
        "info": _INFO,
        "servers": [{"url": "/"}],
        "security": [{SECURITY: []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "headers": HEADERS,
            "securitySchemes": {SECURITY: _SCHEME},
        },
        JOB_TYPES: [_job_type(kind, schemas) for kind in registry],
    }


def _job_type(kind: JobType[Any, Any], schemas: Schemas) -> Schema:
    shown = msgspec.to_builtins(JobTypeResource.of(kind))
    return {
        "name": kind.name,
        "description": unwrapped(kind.description),
        "payload": schemas.of(kind.payload_type),
        "result": schemas.of(kind.result_type),
        **{name: shown[name] for name in ("example", "retry", "timeout_seconds", "keep_days")},
    }
