"""An operation as a line of curl that works when pasted."""

import shlex
from typing import Any
from urllib.parse import quote, urlencode

from api.http.decoding import JSON
from api.reference.schemas import Schema
from api.reference.text import indented
from api.watching.server_sent_events import MEDIA_TYPE as EVENT_STREAM


def curl_of(origin: str, method: str, path: str, operation: Schema) -> str:
    """With the document's own examples. The token is expected in `$TOKEN`."""
    body = operation.get("requestBody")
    is_usual = method == ("post" if body else "get")
    url = shlex.quote(origin + _target(path, operation))
    parts = [f"curl {url}" if is_usual else f"curl -X {method.upper()} {url}"]
    if EVENT_STREAM in operation["responses"].get("200", {}).get("content", {}):
        parts[0] = parts[0].replace("curl", "curl -N", 1)
    if "security" not in operation:
        parts.append('-H "Authorization: Bearer $TOKEN"')
    headers = _examples(operation, "header")
    if body:
        headers["Content-Type"] = JSON
    parts += ["-H " + shlex.quote(f"{name}: {value}") for name, value in headers.items()]
    if body:
        example = next(iter(body["content"][JSON]["examples"].values()))
        parts.append("-d " + shlex.quote(indented(example["value"])))
    return " \\\n  ".join(parts)


def _target(path: str, operation: Schema) -> str:
    for name, value in _examples(operation, "path").items():
        path = path.replace("{" + name + "}", quote(str(value)))
    query: dict[str, Any] = {}
    for name, value in _examples(operation, "query").items():
        query |= value if isinstance(value, dict) else {name: value}
    return f"{path}?{urlencode(query)}" if query else path


def _examples(operation: Schema, where: str) -> dict[str, Any]:
    return {
        parameter["name"]: parameter["schema"]["examples"][0]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == where and "examples" in parameter["schema"]
    }
