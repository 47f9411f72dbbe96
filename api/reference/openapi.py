"""The OpenAPI 3.1 document, made from what decodes the requests and encodes the answers.

https://spec.openapis.org/oas/v3.1.1
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from flask import Flask

from api.decoding import JSON
from api.operation import Operation, operation_of
from api.problems import Problem
from api.reference.examples import examples_of
from api.reference.parameters import parameters_of
from api.reference.responses import HEADERS, responses_of
from api.reference.schemas import Schema, Schemas, unwrapped
from api.requests import Submission
from api.resources import JobTypeResource
from jobs.registry import JobType, Registry

SECURITY: Final = "googleIdentityToken"
JOB_TYPES: Final = "x-job-types"
"""Tells which components are the payload and the result of each job type."""
_ARGUMENT: Final = re.compile(r"<(?:\w+:)?(\w+)>")

_INFO: Final = {
    "title": "Dormouse",
    "version": "v1",
    "summary": "Durable background jobs.",
    "description": unwrapped(
        """
        Submit a job, and it is done at least once by a worker, whatever crashes meanwhile.

        Every request carries a Google identity token. Bodies are JSON in UTF-8 without repeated
        names; unknown fields and query parameters are refused. Times are RFC 3339 in UTC.
        Errors are `application/problem+json` (RFC 9457) with a stable `code`.
        """
    ),
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_TAGS: Final = [
    {"name": "Jobs", "description": "One piece of work each: submit it, follow it, change it."},
    {"name": "Job types", "description": "What kinds of work there are."},
    {"name": "Service", "description": "How the service itself is."},
]
_SCHEME: Final = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A Google identity token made for this service's audience, with a verified"
    " email. Its principal needs a role here.",
}


@dataclass(frozen=True)
class _Route:
    """A declared operation at its path."""

    path: str
    method: str
    arguments: set[str]
    view: Callable[..., Any]
    operation: Operation


def openapi(app: Flask, registry: Registry) -> Schema:
    """The document of the application's routes and of these job types. Takes some milliseconds."""
    routes = list(_routes(app))
    declared = [
        kind
        for route in routes
        for kind in (route.operation.body, route.operation.answer)
        if kind is not None
    ]
    job_types = [kind for one in registry for kind in (one.payload_type, one.result_type)]
    schemas = Schemas(list(dict.fromkeys([*declared, Problem, *job_types])))
    bodies = {Submission: _submission(schemas, registry)}
    examples = examples_of(registry)
    paths: dict[str, Schema] = {}
    for route in routes:
        example = examples.get(route.view.__name__)
        body = bodies.get(route.operation.body)
        paths.setdefault(route.path, {})[route.method] = _operation(route, schemas, body, example)
    return {
        "openapi": "3.1.1",
        "info": _INFO,
        "servers": [{"url": "/"}],
        "security": [{SECURITY: []}],
        "tags": _TAGS,
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "headers": HEADERS,
            "securitySchemes": {SECURITY: _SCHEME},
        },
        JOB_TYPES: [_job_type(kind, schemas) for kind in registry],
    }


def _routes(app: Flask) -> Iterator[_Route]:
    """In the order of their registration."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if (operation := operation_of(view)) is None:
            continue
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        path = _ARGUMENT.sub(r"{\1}", rule.rule)
        yield _Route(path, method.lower(), rule.arguments, view, operation)


def _operation(route: _Route, schemas: Schemas, body: Schema | None, example: Any) -> Schema:
    operation = route.operation
    described: Schema = {
        "operationId": _in_camel_case(route.view.__name__),
        "summary": operation.summary,
        "description": unwrapped(route.view.__doc__ or ""),
        "tags": [operation.tag],
    }
    if parameters := parameters_of(operation, route.view, route.arguments):
        described["parameters"] = parameters
    if operation.body:
        content = body or {"schema": schemas.of(operation.body)}
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    described["responses"] = responses_of(operation, schemas, example)
    if operation.public:
        described["security"] = []
    return described


def _submission(schemas: Schemas, registry: Registry) -> Schema:
    examples = {
        kind.name: {
            "summary": unwrapped(kind.description).partition("\n")[0],
            "value": {"type": kind.name, "payload": _shown(kind)["example"]},
        }
        for kind in registry
    }
    return {"schema": schemas.submission(registry), "examples": examples}


def _job_type(kind: JobType[Any, Any], schemas: Schemas) -> Schema:
    shown = _shown(kind)
    return {
        "name": kind.name,
        "description": unwrapped(kind.description),
        "payload": schemas.of(kind.payload_type),
        "result": schemas.of(kind.result_type),
        **{name: shown[name] for name in ("example", "retry", "timeout_seconds", "keep_days")},
    }


def _shown(kind: JobType[Any, Any]) -> Schema:
    shown: Schema = msgspec.to_builtins(JobTypeResource.of(kind))
    return shown


def _in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
