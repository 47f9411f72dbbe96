"""Forms made of a job type's schema, and the payloads that come of them. Pure."""

import json
from collections.abc import Mapping
from typing import Any, Final

_LINE: Final = 60
"""Longer texts get a larger field."""


class WrongField(ValueError):
    """A field can't be what the schema says."""


def fields_of(schema: Mapping[str, Any], example: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One field for each member of the payload, filled in from the example."""
    whole = _resolved(schema, schema)
    required = set(whole.get("required", ()))
    return [
        {
            "name": name,
            "required": name in required,
            "description": _resolved(about, schema).get("description", ""),
            **_field(_resolved(about, schema), example.get(name)),
        }
        for name, about in whole.get("properties", {}).items()
    ]


def payload_of(schema: Mapping[str, Any], form: Mapping[str, str]) -> dict[str, Any]:
    """The payload that a form says; fields left empty are left out. Raises `WrongField`."""
    whole = _resolved(schema, schema)
    payload = {}
    for name, about in whole.get("properties", {}).items():
        text = form.get(f"payload.{name}", "")
        if not text.strip():
            continue
        payload[name] = _value(name, _kind(_resolved(about, schema)), text)
    return payload


def _value(name: str, kind: str, text: str) -> Any:
    if kind == "text":
        return text.replace("\r\n", "\n")
    if kind == "boolean":
        return text == "true"
    try:
        return json.loads(text)
    except ValueError as error:
        raise WrongField(f"`{name}` is not JSON: {error}.") from error


def _field(about: Mapping[str, Any], example: Any) -> dict[str, Any]:
    """`example` is None where there is none."""
    kind = _kind(about)
    value = ""
    if example is not None:
        value = example if kind == "text" else json.dumps(example, ensure_ascii=False)
    choices: list[str] = ["true", "false"] if kind == "boolean" else []
    for one in (about, *about.get("anyOf", ())):
        choices = choices or [text for text in one.get("enum", ()) if isinstance(text, str)]
    is_long = kind == "json" or "\n" in value or len(value) > _LINE
    return {"kind": kind, "value": value, "choices": choices, "long": is_long}


def _kind(about: Mapping[str, Any]) -> str:
    choices = about.get("anyOf", [about])
    if any("enum" in one for one in choices):
        return "text"
    kinds = {one.get("type") for one in choices} - {"null"}
    if kinds == {"string"}:
        return "text"
    if kinds == {"boolean"}:
        return "boolean"
    return "number" if kinds and kinds <= {"integer", "number"} else "json"


def _resolved(about: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema without its reference, which stays in the same document."""
    reference = about.get("$ref")
    if not reference:
        return about
    found: Any = root
    for step in str(reference).removeprefix("#/").split("/"):
        found = found.get(step, {}) if isinstance(found, Mapping) else {}
    return {**found, **{name: value for name, value in about.items() if name != "$ref"}}
