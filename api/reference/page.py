"""The reference page: the OpenAPI document for people, complete in one file."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from api.http.problems import CONTENT_TYPE, STATUS
from api.reference.curl import curl_of
from api.reference.fields import bounds_of, kind_of
from api.reference.openapi import JOB_TYPES
from api.reference.schemas import Schema, name_of
from api.reference.text import highlighted, inline, paragraphs

_ORIGIN: Final = "https://origin.invalid"
_TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Page:
    """The page as it is wherever it is reached, but for the origin in its examples."""

    template: str
    security_policy: str

    def at(self, origin: str) -> str:
        return self.template.replace(_ORIGIN, str(escape(origin)))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An operation as the page shows it, together with its part of the document."""

    method: str
    path: str
    declared: Schema
    body: Schema | None
    successes: dict[str, Schema]
    problems: list[tuple[str, str]]
    curl: str


def make_page(document: Schema) -> Page:
    """Renders everything but the origin."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        "bounds": bounds_of,
        "highlighted": highlighted,
        "inline": inline,
        "kind": kind_of,
        "component": lambda schema: document["components"]["schemas"][name_of(schema["$ref"])],
        "paragraphs": paragraphs,
    }
    style = (_TEMPLATES / "docs.css").read_text()
    entries = list(_entries(document))
    template = environment.get_template("docs.html").render(
        document=document,
        entries={
            tag["name"]: [entry for entry in entries if tag["name"] in entry.declared["tags"]]
            for tag in document["tags"]
        },
        job_types=document[JOB_TYPES],
        objects=_objects(document),
        errors=[(error, int(status)) for error, status in STATUS.items()],
        origin=_ORIGIN,
        style=Markup(style),  # noqa: S704 - a file of ours
    )
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Page(
        template,
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'none'",
    )


def _entries(document: Schema) -> Iterator[Entry]:
    for path, methods in document["paths"].items():
        for method, declared in methods.items():
            yield Entry(
                method=method.upper(),
                path=path,
                declared=declared,
                body=_body(document, declared),
                successes={
                    status: response
                    for status, response in declared["responses"].items()
                    if CONTENT_TYPE not in response.get("content", {})
                },
                problems=list(_problems(declared)),
                curl=curl_of(_ORIGIN, method, path, declared),
            )


def _body(document: Schema, declared: Schema) -> Schema | None:
    """The object that is sent; of several choices, what they have in common."""
    if "requestBody" not in declared:
        return None
    (content,) = declared["requestBody"]["content"].values()
    schema = content["schema"]
    name = name_of(schema["$ref"]) if "$ref" in schema else schema["title"]
    found: Schema = document["components"]["schemas"][name]
    return found


def _objects(document: Schema) -> Schema:
    """The components that are shown neither as a request's body nor with their job type."""
    elsewhere = {name_of(ref) for one in document[JOB_TYPES] for ref in _refs(one)}
    return {
        name: schema
        for name, schema in document["components"]["schemas"].items()
        if name not in elsewhere and not name.endswith("Submission")
    }


def _refs(job_type: Schema) -> Iterator[str]:
    for part in ("payload", "result"):
        if "$ref" in job_type[part]:
            yield job_type[part]["$ref"]


def _problems(declared: Schema) -> Iterator[tuple[str, str]]:
    """The status and the code of each error."""
    for status, response in declared["responses"].items():
        for code in response.get("content", {}).get(CONTENT_TYPE, {}).get("examples", ()):
            yield status, code
