"""The client, by blocking calls."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, TypeVar, overload

import httpx

from dormouse.blocking import Blocking
from dormouse.connecting import connected, connection_to
from dormouse.connection import Connection
from dormouse.identity.tokens import Credentials
from dormouse.job import Job
from dormouse.model import JobState, RetryPolicy, Status
from dormouse.operations import jobs as operations
from dormouse.operations import service, waiting
from dormouse.profiles import local_profile
from dormouse.resource_model import JobType, Me
from dormouse.resources import DeadLetters, Schedules, Webhooks
from dormouse.submissions import Submission, submission

R = TypeVar("R")


class Dormouse:
    """A client of one deployment. Safe for threads.

    `url`, `audience` and `profile` default to DORMOUSE_URL, DORMOUSE_AUDIENCE and DORMOUSE_PROFILE,
    then to the profile that `dormouse login` made. Without `credentials` they are found:
    docs/client.md says in which order. `timeout` is how long all tries of one call may take
    together, in seconds; `transport` is httpx's, for proxies and tests. Connects to nothing before
    the first call.

    Raises `ConfigurationError` where no URL is known.
    """

    def __init__(
        self,
        url: str | None = None,
        credentials: Credentials | None = None,
        *,
        audience: str | None = None,
        profile: str | None = None,
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._open(
            connection_to(url, credentials, audience=audience, profile=profile, timeout=timeout),
            transport,
        )

    @classmethod
    def local(cls, account: str = "", *, timeout: float = 60.0) -> "Dormouse":
        """A client of the system that `./dev up` runs here, as `account` or its usual one.

        Raises `ConfigurationError` where none runs.
        """
        return cls.over(connected(local_profile(account), timeout=timeout))

    @classmethod
    def over(
        cls, connection: Connection, transport: httpx.BaseTransport | None = None
    ) -> "Dormouse":
        """A client over a connection that is there."""
        client = cls.__new__(cls)
        client._open(connection, transport)  # noqa: SLF001 - its own
        return client

    def _open(self, connection: Connection, transport: httpx.BaseTransport | None) -> None:
        self.connection = connection
        self._policy = connection.policy
        self._driver = Blocking(connection, httpx.Client(transport=transport))
        self.schedules = Schedules(self._driver, self._policy)
        self.webhooks = Webhooks(self._driver, self._policy)
        self.dead_letters = DeadLetters(self._driver, self._policy)

    @overload
    def submit(
        self,
        type: str,
        payload: Any = ...,
        *,
        returns: type[R],
        idempotency_key: str | None = ...,
        run_at: datetime | None = ...,
        delay: float | timedelta | None = ...,
        labels: Mapping[str, str] | None = ...,
        max_attempts: int | None = ...,
        retry: RetryPolicy | None = ...,
        notify: str | None = ...,
    ) -> Job[R]: ...

    @overload
    def submit(
        self,
        type: str,
        payload: Any = ...,
        *,
        idempotency_key: str | None = ...,
        run_at: datetime | None = ...,
        delay: float | timedelta | None = ...,
        labels: Mapping[str, str] | None = ...,
        max_attempts: int | None = ...,
        retry: RetryPolicy | None = ...,
        notify: str | None = ...,
    ) -> Job[Any]: ...

    def submit(
        self,
        type: str,  # noqa: A002 - the API's word
        payload: Any = None,
        *,
        returns: Any = Any,
        **more: Any,
    ) -> Job[Any]:
        """A job of this type, once the service has promised to do it.

        The fields are those of `Submission`. `returns` is what `result()` decodes into. Raises
        `RemoteError`, `NotReached`, `IdentityError`, `ConfigurationError`.
        """
        wanted = submission(type, payload, more)
        return self._job(self._driver.run(operations.submit(self._policy, wanted)), returns)

    def submit_many(
        self, submissions: Iterable[Submission], *, returns: Any = Any
    ) -> list[Job[Any]]:
        """The jobs in the same order, 500 a request, each request as a whole or not at all.

        All are tried. Raises `SubmissionsFailed`, which has the jobs that were made.
        """
        made = self._driver.run(operations.submit_many(self._policy, list(submissions)))
        return [self._job(job, returns) for job in made]

    def get(self, job_id: str, *, returns: Any = Any) -> Job[Any]:
        """The job as it is now. Raises `NotFound`."""
        return self._job(self._driver.run(operations.get(self._policy, job_id)), returns)

    def jobs(
        self,
        *,
        status: Status | None = None,
        type: str | None = None,  # noqa: A002 - the API's word
        label: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> Iterator[Job[Any]]:
        """Jobs, newest first, page by page as you iterate. `label` is a name and its value."""
        listed = operations.list_jobs(
            self._policy, status=status, type=type, label=label, limit=limit
        )
        for job in self._driver.iterate(listed):
            yield self._job(job, Any)

    def as_completed(
        self, jobs: Iterable[Job[R]], timeout: float | None = None
    ) -> Iterator[Job[R]]:
        """Each job once it has ended, first come first. Raises `NotFinished` after `timeout`.

        Up to eight are waited for at the service; more are looked at in turn, all of them every
        few seconds.
        """
        known = list(jobs)
        returns = {job.id: job._returns for job in known}  # noqa: SLF001 - its other half
        for job in self._driver.iterate(waiting.as_completed(self._policy, known, timeout)):
            yield self._job(job, returns[job.id])

    def wait_first(self, jobs: Iterable[Job[R]], timeout: float | None = None) -> Job[R]:
        """The first of the jobs to end. Raises `NotFinished`, and `ValueError` without jobs."""
        for job in self.as_completed(jobs, timeout):
            return job
        raise ValueError("Give at least one job to wait for.")

    def job_types(self) -> list[JobType]:
        """The job types that the service offers, with JSON Schemas."""
        return self._driver.run(service.job_types(self._policy))

    def job_type(self, name: str) -> JobType:
        """One of them. Raises `NotFound`."""
        return self._driver.run(service.job_type(self._policy, name))

    def me(self) -> Me:
        """Your identity as the service sees it, and your roles."""
        return self._driver.run(service.me(self._policy))

    def close(self) -> None:
        """Give up the connections. `with` does it too."""
        self._driver.close()

    def __enter__(self) -> "Dormouse":  # noqa: PYI034 - Python 3.10 lacks Self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _job(self, state: JobState, returns: Any) -> Job[Any]:
        return Job.of(state, self._driver, self._policy, returns)
