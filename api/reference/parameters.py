"""Parameters in the path, the query and the headers of a request."""

from collections.abc import Iterator
from typing import Any, get_type_hints

import msgspec

from api.http.operation import Operation
from api.reference.schemas import Schema, schema_of


def parameters_of(operation: Operation, view: Any, path_names: set[str]) -> list[Schema]:
    """In the order in which a reader wants them."""
    hints = get_type_hints(view, include_extras=True)
    in_path = [
        _parameter("path", name, schema_of(hints[name]), required=True)
        for name in sorted(path_names)
    ]
    in_headers = [
        _parameter("header", name, schema_of(kind), required=False)
        for name, kind in operation.request_headers.items()
    ]
    return [*in_path, *_in_query(operation.query), *in_headers]


def _in_query(kind: type[msgspec.Struct] | None) -> Iterator[Schema]:
    if kind is None:
        return
    document = schema_of(kind)
    definitions = document["$defs"]
    declared = definitions[kind.__name__]
    for name, found in declared["properties"].items():
        schema = {**found, **definitions.get(found.get("$ref", "").rpartition("/")[2], {})}
        schema.pop("$ref", None)
        schema.pop("title", None)
        if "additionalProperties" in schema:
            yield _prefixed(name, schema)
        else:
            yield _parameter("query", name, schema, required=name in declared["required"])


def _prefixed(name: str, schema: Schema) -> Schema:
    """A mapping, given as `name.KEY=VALUE`: an exploded form object has just that shape."""
    keys = schema["propertyNames"]
    pattern = keys["pattern"].replace("^", rf"^{name}\.", 1)
    schema = schema | {"propertyNames": keys | {"pattern": pattern}}
    schema.pop("default", None)
    made = _parameter("query", name, schema, required=False)
    if "examples" in schema:
        made["schema"]["examples"] = [
            {f"{name}.{key}": value for key, value in example.items()}
            for example in schema["examples"]
        ]
    return made | {"style": "form", "explode": True}


def _parameter(where: str, name: str, schema: Schema, *, required: bool) -> Schema:
    schema = dict(schema)
    description = schema.pop("description", "")
    return {
        "name": name,
        "in": where,
        "required": required,
        "description": description,
        "schema": schema,
    }
