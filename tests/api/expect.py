"""What answers have in common."""

from typing import Any

import msgspec
from werkzeug.test import TestResponse

from api.http.problems import Problem


def problem(response: TestResponse, status: int, code: str) -> Problem:
    """The answer is a whole problem of this status and code."""
    assert (response.status_code, response.mimetype) == (status, "application/problem+json"), (
        response.get_data(as_text=True)
    )
    found = msgspec.json.decode(response.data, type=Problem, strict=True)
    assert (found.status, found.code, found.type) == (status, code, f"/docs#{code}"), found
    assert found.request_id == response.headers["X-Request-Id"]
    return found


def job(response: TestResponse, status: int = 200) -> Any:
    """The answer is a job, of this HTTP status."""
    assert (response.status_code, response.mimetype) == (status, "application/json"), (
        response.get_data(as_text=True)
    )
    return response.get_json()
