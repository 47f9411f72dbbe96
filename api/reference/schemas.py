"""JSON Schemas of the types that decode requests and encode answers."""

import inspect
import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from api.jobs.requests import Submission
from jobs.job_types import JobType, Registry

Schema = dict[str, Any]

_PREFIX: Final = "#/components/schemas/"
_SUFFIX: Final = "Resource"
_LITERAL: Final = frozenset({"const", "default", "enum", "examples"})


class Schemas:
    """The schemas of these types, and the components that they refer to."""

    def __init__(self, types: Sequence[Any]) -> None:
        schemas, components = msgspec.json.schema_components(types, ref_template=_PREFIX + "{name}")
        # Callers know a `JobResource` as a `Job`.
        self._by_type = dict(zip(types, _polished(schemas), strict=True))
        self.components: dict[str, Schema] = {
            name.removesuffix(_SUFFIX): _polished(schema) for name, schema in components.items()
        }

    def of(self, kind: Any) -> Schema:
        found: Schema = self._by_type[kind]
        return found

    def resolve(self, schema: Schema) -> Schema:
        """The schema itself where it is a reference."""
        if "$ref" not in schema:
            return schema
        return self.components[name_of(schema["$ref"])]

    def submission(self, registry: Registry) -> Schema:
        """What may be submitted: a choice by `type`, with a component for each job type.

        Decoding takes exactly this: first a `Submission`, then its payload as the type says.
        """
        general = self.resolve(self.of(Submission))
        mapping = {}
        for kind in registry:
            name = f"{_in_pascal_case(kind.name)}Submission"
            mapping[kind.name] = _PREFIX + name
            self.components[name] = self._submission(general, kind)
        return {
            "title": general["title"],
            "oneOf": [{"$ref": ref} for ref in mapping.values()],
            "discriminator": {"propertyName": "type", "mapping": mapping},
        }

    def _submission(self, general: Schema, kind: JobType[Any, Any]) -> Schema:
        properties = general["properties"] | {
            "type": {"type": "string", "const": kind.name},
            "payload": self.of(kind.payload_type),
        }
        return general | {
            "title": f"{_in_pascal_case(kind.name)}Submission",
            "description": f"A job of the type `{kind.name}`.",
            "properties": properties,
        }


def name_of(ref: str) -> str:
    """The name of the component that a reference names."""
    return ref.removeprefix(_PREFIX)


def schema_of(kind: Any) -> Schema:
    """One type's schema, complete in itself."""
    schema: Schema = _polished(msgspec.json.schema(kind))
    return schema


def unwrapped(text: str) -> str:
    """A docstring with each paragraph on one line."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(text))


def _in_pascal_case(name: str) -> str:
    return "".join(part.title() for part in name.replace("_", ".").split("."))


def _polished(node: Any) -> Any:
    """The same with docstrings as text, public names, and a type where values are listed."""
    if isinstance(node, list | tuple):
        return [_polished(item) for item in node]
    if not isinstance(node, dict):
        return node
    polished = {key: value if key in _LITERAL else _polished(value) for key, value in node.items()}
    if isinstance(text := polished.get("description"), str):
        polished["description"] = unwrapped(text)
    if isinstance(ref := polished.get("$ref"), str) and ref.startswith(_PREFIX):
        polished["$ref"] = ref.removesuffix(_SUFFIX)
    if isinstance(title := polished.get("title"), str):
        polished["title"] = title.removesuffix(_SUFFIX)
    if all(isinstance(value, str) for value in polished.get("enum", [0])):
        polished["type"] = "string"
    return polished
