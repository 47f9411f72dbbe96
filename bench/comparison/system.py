"""What a system under comparison is to the measurements: services, and a way to submit jobs."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Protocol

from bench.comparison.grounds import Grounds
from local.ports import LOOPBACK

TIMEOUT_SECONDS = 60.0


class Store(Protocol):
    """Where a system keeps its jobs, looked at from outside, past the system's own services."""

    def finished(self, job_ids: Collection[str]) -> Mapping[str, float]:
        """When those of the jobs that have succeeded were saved, in seconds since the epoch.

        Raises `JobFailed`.
        """
        ...

    def close(self) -> None: ...


class JobFailed(Exception):
    """A job of a comparison did not succeed: there is nothing to compare."""


_SUCCEEDED = ("succeeded", "SUCCESS", "finished")
_FAILED = ("failed", "cancelled", "FAILURE")


def has_succeeded(status: str) -> bool:
    """In the words of every system. Raises `JobFailed` if it never will."""
    if status in _FAILED:
        raise JobFailed(f"A job ended as {status}.")
    return status in _SUCCEEDED


@dataclass(frozen=True, kw_only=True)
class Running:
    """A system that has been started.

    `services` are the sessions (as in setsid) of the processes that count, by service. A job's
    body is made of `body` around its payload.
    """

    port: int
    services: Mapping[str, int]
    store: Store
    path: str = "/jobs"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Callable[[Any], Any] = lambda payload: payload


@dataclass(frozen=True)
class System:
    """One of those that are compared. `start` waits until the services answer."""

    name: str
    start: Callable[[Grounds], AbstractContextManager[Running]]
    needs_redis: bool = False


class Client:
    """One connection to a system's public service, kept open."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._connection = http.client.HTTPConnection(
            LOOPBACK, running.port, timeout=TIMEOUT_SECONDS
        )
        self._headers = {"Content-Type": "application/json", **running.headers}

    def close(self) -> None:
        self._connection.close()

    def submit(self, payload: Any) -> str:
        """The new job's id. Raises `JobFailed` if it is not taken."""
        body = json.dumps(self._running.body(payload))
        self._connection.request("POST", self._running.path, body, self._headers)
        return str(self._answer(HTTPStatus.ACCEPTED)["id"])

    def result(self, job_id: str) -> Any:
        """The result as a caller reads it."""
        self._connection.request("GET", f"{self._running.path}/{job_id}", headers=self._headers)
        return self._answer(HTTPStatus.OK)["result"]

    def _answer(self, expected: HTTPStatus) -> Any:
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status != expected:
            raise JobFailed(f"{answer.status}: {text.decode(errors='replace')}")
        return json.loads(text)


def answers(port: int, path: str = "/livez") -> bool:
    """Whether a service says that it is up."""
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}{path}", timeout=5) as response:
            return bool(response.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False
