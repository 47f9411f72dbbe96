"""Each declared operation as OpenAPI's Operation Object."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask

from api.http.decoding import JSON
from api.http.operation import Operation, operation_of
from api.jobs.requests import Submission
from api.reference.examples import Examples
from api.reference.parameters import parameters_of
from api.reference.responses import responses_of
from api.reference.schemas import Schema, Schemas, unwrapped
from jobs.job_types import Registry

_ARGUMENT: Final = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """A declared operation at its path."""

    path: str
    method: str
    arguments: set[str]
    view: Callable[..., Any]
    operation: Operation


def routes_of(app: Flask) -> Iterator[Route]:
    """The documented routes of the application."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if (operation := operation_of(view)) is None:
            continue
        (method,) = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        path = _ARGUMENT.sub(r"{\1}", rule.rule)
        yield Route(path, method.lower(), rule.arguments, view, operation)


def describe(route: Route, schemas: Schemas, examples: Examples, registry: Registry) -> Schema:
    operation, name = route.operation, route.view.__name__
    described: Schema = {
        "operationId": _in_camel_case(name),
        "summary": operation.summary,
        "description": unwrapped(route.view.__doc__ or ""),
        "tags": [operation.tag],
    }
    if parameters := parameters_of(operation, route.view, route.arguments):
        described["parameters"] = parameters
    if operation.body:
        is_submission = operation.body is Submission
        content: Schema = {
            "schema": schemas.submission(registry) if is_submission else schemas.of(operation.body),
            "examples": examples.bodies[name],
        }
        described["requestBody"] = {"required": True, "content": {JSON: content}}
    described["responses"] = responses_of(operation, schemas, examples.answers.get(name))
    if operation.public:
        described["security"] = []
    return described


def _in_camel_case(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)
