"""Where spans are made: decorators of the other ports, so that the work itself knows of none."""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Protocol, TypeVar
from wsgiref.types import WSGIApplication

from jobs.context import Link
from jobs.dispatch.queue import JobMessage, Queue
from jobs.job.store import JobStore


class Task(Protocol):
    """What an attempt knows of itself: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def job_id(self) -> str: ...
    @property
    def job_type(self) -> str: ...
    @property
    def attempt(self) -> int: ...
    @property
    def traceparent(self) -> str | None: ...


TaskT = TypeVar("TaskT", bound=Task)
LinkT = TypeVar("LinkT", bound=Link)
OutcomeT = TypeVar("OutcomeT")


class Telemetry(Protocol):
    """Each method returns what it is given, watched. None changes what it does or raises."""

    def store(self, store: JobStore) -> JobStore:
        """A span for each change of a job."""
        ...

    def queue(self, queue: Queue) -> Queue:
        """A span for each dispatch; the job messages carry it."""
        ...

    def answer(self, answer: Callable[[JobMessage], None]) -> Callable[[JobMessage], None]:
        """A span for each job message, in the trace of its dispatch."""
        ...

    def attempt(
        self, run: Callable[[TaskT, LinkT], OutcomeT]
    ) -> Callable[[TaskT, LinkT], OutcomeT]:
        """A span for each run of a handler; the task carries it."""
        ...

    def handler(self, run: Callable[[TaskT, Link], OutcomeT]) -> Callable[[TaskT, Link], OutcomeT]:
        """For a handler's own process: what the handler starts is in its attempt's trace."""
        ...

    def requests(self, app: WSGIApplication) -> WSGIApplication:
        """A span for each request, and every ended span sent before its response."""
        ...

    def pushes(self, app: WSGIApplication) -> WSGIApplication:
        """Every ended span sent before the response. A push is no span: its job message is one."""
        ...


class Off:
    """No telemetry: everything is returned as it is, so nothing is done for a job."""

    def store(self, store: JobStore) -> JobStore:
        return store

    def queue(self, queue: Queue) -> Queue:
        return queue

    def answer(self, answer: Callable[[JobMessage], None]) -> Callable[[JobMessage], None]:
        return answer

    def attempt(
        self, run: Callable[[TaskT, LinkT], OutcomeT]
    ) -> Callable[[TaskT, LinkT], OutcomeT]:
        return run

    def handler(self, run: Callable[[TaskT, Link], OutcomeT]) -> Callable[[TaskT, Link], OutcomeT]:
        return run

    def requests(self, app: WSGIApplication) -> WSGIApplication:
        return app

    def pushes(self, app: WSGIApplication) -> WSGIApplication:
        return app


OFF: Final = Off()
