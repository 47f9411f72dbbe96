"""What kinds of work there are. Explicit: a job type exists if it is in the list."""

import inspect
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

from jobs.context import Context
from jobs.errors import InvalidRequest, UnknownJobType
from jobs.job.retry import RetryPolicy
from jobs.payloads.buckets import check_bucket

P = TypeVar("P")
R = TypeVar("R")

MAX_TIMEOUT = timedelta(minutes=9)
"""One push lasts ten minutes at most (Pub/Sub's longest ack deadline); the rest is for claiming,
saving and clocks that differ."""

KEEP_FOR = timedelta(days=30)
"""How long a finished job is kept where its type does not say otherwise."""

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


@dataclass(frozen=True, kw_only=True)
class JobType(Generic[P, R]):
    """A kind of work: its name (`noun.verb`), its types, its bounds and its function.

    What is `internal` is ordered by Dormouse itself, and callers neither see nor submit it. `files`
    gives the URLs of the files that a payload has it read; `buckets` are those of Cloud Storage
    that they may be in. In `secret_fields` a payload may refer to a secret: paths such as `url`,
    `headers.*` or, of any depth, `json.**`.
    """

    name: str
    run: Callable[[P, Context], R]
    payload_type: type[P]
    result_type: type[R]
    example: P
    description: str
    retry: RetryPolicy
    timeout: timedelta
    keep_for: timedelta
    internal: bool = False
    files: Callable[[P], Iterable[str | None]] = lambda _payload: ()
    secret_fields: tuple[str, ...] = ()
    buckets: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is not of the form noun.verb")
        if not timedelta() < self.timeout <= MAX_TIMEOUT:
            raise ValueError(f"{self.name}: the timeout must be positive and at most {MAX_TIMEOUT}")

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[P]:
        return msgspec.json.Decoder(self.payload_type)

    def decode(self, payload: bytes | msgspec.Raw) -> P:
        """The payload as its type. Raises `InvalidRequest`, whose text names the path."""
        try:
            decoded = self._decoder.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise InvalidRequest(_under_payload(str(error))) from error
        for url in filter(None, self.files(decoded)):
            try:
                check_bucket(url, self.buckets)
            except ValueError as error:
                raise InvalidRequest(_under_payload(str(error))) from error
        return decoded

    def with_buckets(self, buckets: frozenset[str]) -> "JobType[P, R]":
        """The job type where payloads may name files in these buckets of Cloud Storage."""
        return replace(self, buckets=buckets)


def _under_payload(message: str) -> str:
    """Decoding names a path from the root of what it decoded; callers know it as `payload`."""
    if "`$" in message:
        return message.replace("`$", "`$.payload", 1)
    return f"{message} - at `$.payload`"


def job_type(
    name: str,
    *,
    example: P,
    timeout: timedelta,
    retry: RetryPolicy | None = None,
    keep_for: timedelta = KEEP_FOR,
    internal: bool = False,
    files: Callable[[P], Iterable[str | None]] = lambda _payload: (),
    secret_fields: tuple[str, ...] = (),
) -> Callable[[Callable[[P, Context], R]], JobType[P, R]]:
    """Make a handler function a job type.

    The payload's and the result's types are the function's annotations, the description is its
    docstring. `timeout` is for one attempt, at most nine minutes; `keep_for` is how long a
    finished job is kept. The example must be a valid payload; it is shown to callers. `files` gives
    the URLs in a payload that the handler downloads, if they may be `gs://` URLs. In
    `secret_fields` a payload may refer to a secret (`url`, `headers.*`): name none whose value the
    handler shows to anybody but whom it calls.
    """

    def make(run: Callable[[P, Context], R]) -> JobType[P, R]:
        hints = typing.get_type_hints(run)
        payload_type = hints[next(iter(inspect.signature(run).parameters))]
        return JobType(
            name=name,
            run=run,
            payload_type=payload_type,
            result_type=hints["return"],
            example=example,
            description=inspect.getdoc(run) or "",
            retry=retry or RetryPolicy(),
            timeout=timeout,
            keep_for=keep_for,
            internal=internal,
            files=files,
            secret_fields=secret_fields,
        )

    return make


class Registry:
    """The job types of this deployment, by name. Both services read the same one."""

    def __init__(self, job_types: Iterable[JobType[Any, Any]]) -> None:
        self._by_name: dict[str, JobType[Any, Any]] = {}
        for kind in job_types:
            if kind.name in self._by_name:
                raise ValueError(f"there are two job types {kind.name}")
            self._by_name[kind.name] = kind

    def get(self, name: str) -> JobType[Any, Any]:
        """Raises `UnknownJobType`."""
        try:
            return self._by_name[name]
        except KeyError:
            known = ", ".join(sorted(self._by_name))
            raise UnknownJobType(f"There is no job type {name!r}. There are: {known}.") from None

    @property
    def offered(self) -> "Registry":
        """The job types that callers see and may submit."""
        return Registry(kind for kind in self if not kind.internal)

    def with_buckets(self, buckets: frozenset[str]) -> "Registry":
        """The same job types, where payloads may name files in these buckets."""
        return Registry(kind.with_buckets(buckets) for kind in self)

    def keep_for(self, name: str) -> timedelta:
        """How long a finished job of this type is kept, also if the type is there no more."""
        kind = self._by_name.get(name)
        return kind.keep_for if kind else KEEP_FOR

    def __iter__(self) -> Iterator[JobType[Any, Any]]:
        return iter(self._by_name.values())
