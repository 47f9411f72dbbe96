"""Requests and responses of the fake, in httpx's types."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec


class Problem(Exception):
    """An error as the service answers it."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str = "",
        *,
        retryable: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        self.headers = {"Content-Type": "application/problem+json"}
        if retry_after is not None:
            self.headers["Retry-After"] = f"{retry_after:g}"
        self.body = {
            "type": f"/docs#{code}",
            "title": code,
            "status": status,
            "detail": detail or f"The fake answers {code}.",
            "code": code,
            "retryable": retryable,
            "request_id": "fake",
        }
        super().__init__(code)


@dataclass(frozen=True)
class Answer:
    """A success."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def fields_of(request: httpx.Request, known: frozenset[str]) -> dict[str, Any]:
    """The body. Raises `Problem` for what is no object or has other fields."""
    try:
        body = msgspec.json.decode(request.content, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise Problem(400, "invalid_request", f"The body can't be taken: {error}.") from error
    if unknown := body.keys() - known:
        raise Problem(400, "invalid_request", f"Unknown fields: {sorted(unknown)}.")
    return body


def response_of(answer: Answer | Problem) -> httpx.Response:
    """As it goes over the wire."""
    if isinstance(answer, Answer) and isinstance(answer.body, bytes):
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
    headers = {"Content-Type": "application/json", **answer.headers}
    content = b"" if answer.body is None else msgspec.json.encode(answer.body)
    return httpx.Response(answer.status, headers=headers, content=content)
