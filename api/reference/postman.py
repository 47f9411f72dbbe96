"""A Postman collection, made from the OpenAPI document.

`python -m api.reference.postman > docs/postman.json` writes the one that is kept there.
https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

import re
import sys
from typing import Any, Final

from flask import Flask

from api.app import add_routes
from api.http.decoding import JSON
from api.reference.openapi import openapi
from api.reference.schemas import Schema
from api.reference.text import indented
from handlers import REGISTRY
from jobs.job_types import Registry

_FORMAT: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_LOCAL: Final = "http://127.0.0.1:8080"
_ARGUMENT: Final = re.compile(r"\{(\w+)\}")

# So that the requests that follow are about the job that was submitted, or the schedule.
_REMEMBER: Final = 'pm.collectionVariables.set("{}", pm.response.json().id);'


def collection(registry: Registry) -> Schema:
    """One folder for each tag, one request for each operation, with the document's examples."""
    app = Flask("api")
    add_routes(app)
    document = openapi(app, registry)
    folders: dict[str, list[Schema]] = {tag["name"]: [] for tag in document["tags"]}
    variables = {"base_url": _LOCAL, "token": ""}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            folders[operation["tags"][0]].append(_item(method, path, operation))
            variables |= {key: value for _, key, value in _given(operation, "path")}
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": _FORMAT,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}],
        },
        "variable": [{"key": key, "value": value} for key, value in variables.items()],
        "item": [{"name": name, "item": items} for name, items in folders.items()],
    }


def _item(method: str, path: str, operation: Schema) -> Schema:
    headers = [
        _pair(key, value, optional=True, description=parameter["description"])
        for parameter, key, value in _given(operation, "header")
    ]
    request: Schema = {
        "method": method.upper(),
        "description": operation["description"],
        "header": headers,
        "url": _url(path, operation),
    }
    if "security" in operation:
        request["auth"] = {"type": "noauth"}
    item: Schema = {"name": operation["summary"], "request": request}
    if "requestBody" in operation:
        examples = operation["requestBody"]["content"][JSON]["examples"]
        headers.append(_pair("Content-Type", JSON))
        request["body"] = {
            "mode": "raw",
            "raw": indented(next(iter(examples.values()))["value"]),
            "options": {"raw": {"language": "json"}},
        }
        made = "schedule_id" if path.startswith("/v1/schedules") else "job_id"
        item["event"] = [{"listen": "test", "script": {"exec": [_REMEMBER.format(made)]}}]
    return item


def _url(path: str, operation: Schema) -> Schema:
    path = _ARGUMENT.sub(r"{{\1}}", path)
    return {
        "raw": "{{base_url}}" + path,
        "host": ["{{base_url}}"],
        "path": path.removeprefix("/").split("/"),
        "query": [
            _pair(key, value, optional=True, description=parameter["description"])
            for parameter, key, value in _given(operation, "query")
        ],
    }


def _given(operation: Schema, where: str) -> list[tuple[Schema, str, str]]:
    """Each parameter of that kind with its key and an example, or "" where it has none."""
    given = []
    for parameter in operation.get("parameters", ()):
        example = next(iter(parameter["schema"].get("examples", ())), "")
        pairs = example if isinstance(example, dict) else {parameter["name"]: example}
        given += [(parameter, key, str(value)) for key, value in pairs.items()]
    return [one for one in given if one[0]["in"] == where]


def _pair(key: str, value: str, *, optional: bool = False, description: str = "") -> Schema:
    """Postman sends a disabled pair only when it is switched on."""
    pair: dict[str, Any] = {"key": key, "value": value}
    if optional:
        pair |= {"disabled": True, "description": description}
    return pair


if __name__ == "__main__":
    sys.stdout.write(indented(collection(REGISTRY)) + "\n")
