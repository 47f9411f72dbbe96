"""A job and what can be done with it, under asyncio."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from dormouse import payloads
from dormouse.model import JobEvent, JobState
from dormouse.operations import jobs as operations
from dormouse.operations import waiting

if TYPE_CHECKING:
    from dormouse.asynchronous import Asynchronous
    from dormouse.calling import Policy

R = TypeVar("R")


class AsyncJob(JobState, Generic[R], frozen=True, kw_only=True):
    """A job as it was when the service was last asked. Data: nothing here changes by itself.

    Methods that ask the service return a new `AsyncJob`.
    """

    _driver: "Asynchronous"
    _policy: "Policy"
    _returns: Any = Any

    async def wait(self, timeout: float | None = None) -> "AsyncJob[R]":
        """The job once it has ended, however that was.

        Raises `NotFinished` after `timeout` seconds; None waits as long as it takes.
        """
        return self._as(await self._driver.run(waiting.wait(self._policy, self, timeout)))

    async def result(self, timeout: float | None = None) -> R:
        """The result, once the job has succeeded, as the type that `returns` named.

        Raises `JobFailed`, `JobCancelled`, `NotFinished`, `ResultMismatch`.
        """
        done = waiting.succeeded(await self.wait(timeout))
        value: R = payloads.decoded(done.output, self._returns)
        return value

    async def refresh(self) -> "AsyncJob[R]":
        """The job as it is now. Raises `NotFound` once it has been deleted."""
        return self._as(await self._driver.run(operations.get(self._policy, self.id)))

    async def cancel(self) -> "AsyncJob[R]":
        """A queued job never starts; a running one loses its attempt. Raises `RemoteError`."""
        return self._as(await self._driver.run(operations.cancel(self._policy, self.id)))

    async def retry(self) -> "AsyncJob[R]":
        """Queue a failed or cancelled job again, with all its attempts. Raises `RemoteError`."""
        return self._as(await self._driver.run(operations.retry(self._policy, self.id)))

    async def delete(self) -> None:
        """Remove an ended job with its result. Raises `RemoteError`."""
        await self._driver.run(operations.delete(self._policy, self.id))

    def events(self) -> AsyncIterator[JobEvent]:
        """Yields the job's events until it has ended, beginning with its present state.

        A broken stream goes on by itself; nothing comes twice. Raises `NotFound`, `NotReached`.
        """
        return self._driver.iterate(waiting.events(self._policy, self.id))

    def _as(self, state: JobState) -> "AsyncJob[R]":
        return AsyncJob.of(state, self._driver, self._policy, self._returns)

    @classmethod
    def of(
        cls, state: JobState, driver: "Asynchronous", policy: "Policy", returns: Any
    ) -> "AsyncJob[Any]":
        """The state with the means to go on."""
        fields = {name: getattr(state, name) for name in JobState.__struct_fields__}
        return cls(**fields, _driver=driver, _policy=policy, _returns=returns)
