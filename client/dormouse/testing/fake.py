"""The fake service itself."""

import itertools
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import httpx

from dormouse.async_client import AsyncDormouse
from dormouse.client import Dormouse
from dormouse.connection import Connection
from dormouse.identity.tokens import FixedToken, Tokens
from dormouse.testing.http import Answer, Problem, response_of
from dormouse.testing.jobs import Jobs
from dormouse.testing.running import FakeJob, Handler
from dormouse.testing.schedules import Schedules
from dormouse.testing.serving import served
from dormouse.testing.webhooks import Webhooks

URL: Final = "http://dormouse.test"
OWNER: Final = "user:dev@example.com"
_START: Final = datetime(2026, 1, 1, tzinfo=timezone.utc)
# Header and claims of a token that never ends, of nobody, unsigned.
_TOKEN: Final = "e30.eyJleHAiOjk5OTk5OTk5OTl9."  # noqa: S105 - worth nothing anywhere

View = Callable[..., Answer]


class FakeDormouse:
    """A service in memory. Safe for threads; handlers run in the thread that calls."""

    def __init__(self) -> None:
        self.now = _START
        self.owner = OWNER
        self._lock = threading.RLock()
        self._handlers: dict[str, Handler] = {}
        self._problems: list[Problem] = []
        self._numbers = itertools.count(1)
        self._jobs = Jobs(self)
        self._routes: list[tuple[str, re.Pattern[str], View]] = [
            (method, re.compile(pattern), view)
            for resource in (self._jobs, Schedules(self), Webhooks(self))
            for method, pattern, view in resource.routes()
        ] + [
            ("GET", re.compile("/v1/me"), self._me),
            ("GET", re.compile("/v1/job-types"), self._job_types),
            ("GET", re.compile("/v1/job-types/([^/]+)"), self._job_type),
            ("GET", re.compile("/v1/dead-letters"), self._dead_letters),
        ]

    @property
    def jobs(self) -> Sequence[FakeJob]:
        """All jobs there are, in the order of their submission."""
        with self._lock:
            return tuple(self._jobs.all.values())

    def handle(self, type_: str, handler: Handler) -> None:
        """Jobs of this type are done by `handler(payload, context)`.

        What it returns is the result. Whatever it raises fails the attempt, `Permanent` the job.
        """
        self._handlers[type_] = handler

    def answer(self, type_: str, result: Any) -> None:
        """Jobs of this type succeed with this result."""
        self.handle(type_, lambda _payload, _context: result)

    def refuse_next(
        self,
        status: int = 503,
        code: str = "store_unavailable",
        retry_after: float = 0,
        times: int = 1,
    ) -> None:
        """So many requests are answered by this error, before anything is done."""
        retryable = status in {429, 503}
        problem = Problem(status, code, retryable=retryable, retry_after=retry_after)
        self._problems += [problem] * times

    def advance(self, seconds: float) -> None:
        """Let time pass; what becomes due runs."""
        with self._lock:
            self.now += timedelta(seconds=seconds)
            self._jobs.run_due()

    def client(self) -> Dormouse:
        """A client of this service."""
        return Dormouse.over(self._connection(), httpx.MockTransport(self.respond))

    def async_client(self) -> AsyncDormouse:
        """A client of this service, for asyncio."""
        return AsyncDormouse.over(self._connection(), httpx.MockTransport(self.respond))

    @contextmanager
    def served(self) -> Iterator[dict[str, str]]:
        """Over HTTP until the end of the block: the environment that points a client to it."""
        with served(self.respond) as url:
            yield {"DORMOUSE_URL": url, "DORMOUSE_TOKEN": _TOKEN}

    def respond(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request, for a transport of your own."""
        with self._lock:
            if self._problems:
                return response_of(self._problems.pop(0))
            try:
                return response_of(self._route(request))
            except Problem as problem:
                return response_of(problem)
            finally:
                self._jobs.run_due()

    def submit(self, said: dict[str, Any]) -> FakeJob:
        """A job of the API's own fields, as a schedule makes it. Raises `Problem`."""
        given = {name: value for name, value in said.items() if value is not None}
        return self._jobs.create(given)[0]

    def new_id(self) -> str:
        """32 hexadecimal digits."""
        return f"{next(self._numbers):032x}"

    def handler(self, type_: str) -> Handler:
        """Raises `Problem` for a type that nobody has given a handler."""
        try:
            return self._handlers[type_]
        except KeyError:
            raise Problem(400, "unknown_job_type", f"There is no job type {type_}.") from None

    def _connection(self) -> Connection:
        return Connection(URL, Tokens(FixedToken(_TOKEN), URL))

    def _route(self, request: httpx.Request) -> Answer:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            raise Problem(401, "unauthenticated", "There is no token.")
        path = request.url.path
        for method, pattern, view in self._routes:
            if method == request.method and (found := pattern.fullmatch(path)):
                return view(request, *found.groups())
        raise Problem(404, "not_found", f"The fake knows no {request.method} {path}.")

    def _me(self, _: httpx.Request) -> Answer:
        roles = [{"role": role, "types": ["*"]} for role in ("submitter", "operator")]
        email = self.owner.partition(":")[2]
        return Answer(
            {
                "member": self.owner,
                "issuer": "https://accounts.google.com",
                "email": email,
                "roles": roles,
            }
        )

    def _job_types(self, _: httpx.Request) -> Answer:
        return Answer({"job_types": [_type_of(name) for name in self._handlers]})

    def _job_type(self, _: httpx.Request, name: str) -> Answer:
        if name not in self._handlers:
            raise Problem(404, "job_type_not_found", f"There is no job type {name}.")
        return Answer(_type_of(name))

    def _dead_letters(self, _: httpx.Request) -> Answer:
        return Answer({"dead_letters": [], "next_page_token": ""})


def _type_of(name: str) -> dict[str, Any]:
    return {"name": name, "description": "", "payload_schema": {}, "result_schema": {}}
