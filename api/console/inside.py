"""Asks the API from inside: a page shows what the API would show, by the same code.

Each call goes through the whole application, its checks included, as if it came over the network
with the person's own token.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from flask import current_app
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

_PLAIN: Final = re.compile(r"(?:/[\w.@-]+)+(?::[A-Za-z]+)?", re.ASCII)


class Refused(Exception):
    """The API answered with a problem (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(problem.get("detail") or problem.get("title") or f"status {status}")
        self.status = status
        self.problem = problem


class Api:
    """The API as somebody with this token may use it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def get(self, path: str, **query: Any) -> Any:
        """What the API answers, as plain data. Raises `Refused`."""
        given = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return self.call("GET", path, query=given)

    def call(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> Any:
        """As `get`, by any method, with a body of JSON. Raises `Refused`."""
        if not _PLAIN.fullmatch(path):
            # An id with a slash or a question mark would make another call of it.
            raise Refused(404, {"detail": "There is nothing of that name."})
        builder = EnvironBuilder(
            path=path,
            method=method,
            query_string=query,
            headers=[("Authorization", f"Bearer {self._token}")],
            data=None if body is None else msgspec.json.encode(body),
            content_type=None if body is None else "application/json",
        )
        parts, status, headers = run_wsgi_app(
            current_app.wsgi_app, builder.get_environ(), buffered=True
        )
        return _read(int(status.split()[0]), headers, b"".join(parts))


def _read(status: int, headers: Headers, data: bytes) -> Any:
    is_json = "json" in headers.get("Content-Type", "")
    content = msgspec.json.decode(data) if data and is_json else None
    if status >= 400:  # noqa: PLR2004 - where errors begin
        raise Refused(status, content if isinstance(content, dict) else {})
    return content
