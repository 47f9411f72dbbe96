"""What a JSON Schema asks of a value, in words."""

from collections.abc import Iterator

import msgspec
from markupsafe import Markup, escape

from api.reference.schemas import Schema, name_of

_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "minProperties": "at least {} entries",
    "maxProperties": "at most {} entries",
    "pattern": "like <code>{}</code>",
}
_LONGEST = 40
"""A longer pattern explains nothing to a reader; the description does."""


def kind_of(schema: Schema) -> Markup:
    """The type, with links to the objects that it names."""
    if "$ref" in schema:
        name = name_of(schema["$ref"])
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(dict.fromkeys(kind_of(one) for one in schema["anyOf"] if one))
    if "const" in schema:
        return Markup("<code>{}</code>").format(schema["const"])
    if "enum" in schema:
        return Markup(" or ").join(Markup("<code>{}</code>").format(one) for one in schema["enum"])
    return _plain(schema)


def _plain(schema: Schema) -> Markup:
    match schema.get("type"):
        case "array":
            return Markup("array of {}").format(kind_of(schema.get("items", {})))
        case "object" if isinstance(values := schema.get("additionalProperties"), dict):
            return Markup("object of {}").format(kind_of(values))
        case None:
            return Markup("any JSON")
        case name:
            detail = schema.get("format") or schema.get("contentEncoding")
            return escape(f"{name} ({detail})" if detail else name)


def bounds_of(schema: Schema) -> list[Markup]:
    """What else must hold, and what is taken if nothing is given."""
    bounds = list(_bounds(schema))
    default = schema.get("default")
    if default is not None and default not in ({}, [], ""):
        bounds.append(
            Markup("default <code>{}</code>").format(msgspec.json.encode(default).decode())
        )
    return bounds


def _bounds(schema: Schema) -> Iterator[Markup]:
    for name, words in _BOUNDS.items():
        if name in schema and len(str(schema[name])) <= _LONGEST:
            value = schema[name]
            shown = value if isinstance(value, str) else f"{value:,}".removesuffix(".0")
            yield Markup(words).format(shown)  # noqa: S704 - words of ours
    for inner in schema.get("anyOf", ()):
        yield from _bounds(inner)
    if "items" in schema:
        yield from (Markup("each {}").format(bound) for bound in _bounds(schema["items"]))
