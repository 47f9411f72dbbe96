"""One call of the API: repeated while that is safe and may help, within a deadline."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from dormouse.errors import NotReached, RemoteError, UnexpectedAnswer
from dormouse.problems import problem_of
from dormouse.steps import (
    ConnectionLost,
    Effect,
    ForgetToken,
    Open,
    Request,
    Response,
    Send,
    Sleep,
    Steps,
)

T = TypeVar("T")

FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 10.0
ANSWER_SECONDS: Final = 30.0
LEAST_SECONDS: Final = 1.0
"""Less is no time to answer in; so the last try may end this much after the deadline."""
_GATEWAYS: Final = frozenset({502, 504})
"""Answers of a proxy, which don't tell whether the service got the request."""


@dataclass(frozen=True)
class Policy:
    """The time for all tries of one call together, in seconds, and the clocks to use."""

    seconds: float = 60.0
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random


@dataclass(frozen=True)
class Call:
    """A request by its parts.

    `repeatable` says that doing it twice is doing it once; `holds` for how many seconds the service
    may hold the answer back on purpose, which come on top of what it may take.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = ANSWER_SECONDS
    holds: float = 0.0
    repeatable: bool = True

    def request(self, left: float) -> Request:
        """The request, given the seconds left until the deadline."""
        query = urlencode({name: value for name, value in self.query.items() if value is not None})
        headers = {"Accept": "application/json", **self.headers}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        path = f"{self.path}?{query}" if query else self.path
        seconds = max(LEAST_SECONDS, min(self.seconds + self.holds, left))
        return Request(self.method, path, headers, self.body, seconds)


@dataclass(frozen=True)
class Answer:
    """A success. `uncertain` says that an earlier try may have been done as well."""

    response: Response
    uncertain: bool = False

    def decoded(self, kind: type[T]) -> T:
        """Raises `UnexpectedAnswer`."""
        try:
            return msgspec.json.decode(self.response.body, type=kind)
        except msgspec.DecodeError as error:
            raise UnexpectedAnswer(
                f"The answer isn't what a Dormouse API gives: {error}."
                " Check the URL, and update dormouse-client."
            ) from error


class Refused(Exception):
    """The last answer was an error. `uncertain` as in `Answer`."""

    def __init__(self, error: RemoteError, *, uncertain: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.uncertain = uncertain


def call(policy: Policy, wanted: Call) -> Steps[Answer]:
    """The service's answer. Raises `RemoteError`, `NotReached`, `IdentityError`."""
    try:
        return (yield from attempts(policy, wanted))
    except Refused as refused:
        raise refused.error from None


def attempts(
    policy: Policy, wanted: Call, effect: Callable[[Request], Effect] = Send
) -> Steps[Answer]:
    """As `call`, but raises `Refused`, which tells whether an earlier try may have been done."""
    until = policy.clock() + policy.seconds + wanted.holds
    pause, uncertain, fresh = FIRST_PAUSE, False, False
    while True:
        wait, problem = 0.0, None
        try:
            response: Response = yield effect(wanted.request(until - policy.clock()))
        except ConnectionLost as lost:
            uncertain = uncertain or lost.was_sent
            if lost.was_sent and not wanted.repeatable:
                raise NotReached(
                    f"No answer to {wanted.method} {wanted.path}: {lost}. It may have been done:"
                    " look before you repeat it."
                ) from lost
            if policy.clock() + pause > until:
                raise _not_reached(wanted, policy, lost) from lost
        else:
            if response.status < 300:  # noqa: PLR2004 - HTTP's
                return Answer(response, uncertain)
            if response.status < 400:  # noqa: PLR2004 - HTTP's
                raise UnexpectedAnswer(
                    f"{wanted.method} {wanted.path} was redirected ({response.status}), which no"
                    " Dormouse API does: check the URL."
                )
            problem = problem_of(response, policy.now())
            if problem.status == 401 and not fresh:  # noqa: PLR2004 - HTTP's
                fresh = True
                yield ForgetToken()
                continue
            again = _helps(problem, wanted)
            wait = problem.retry_after or 0.0
            if not again or policy.clock() + max(wait, pause) > until:
                raise Refused(problem, uncertain=uncertain)
            uncertain = uncertain or problem.status not in {429, 401}
        # Never all at the same moment, and never sooner than the service asked for.
        yield Sleep(max(wait, pause * (0.5 + policy.jitter() / 2)))
        pause = min(pause * 2, LONGEST_PAUSE)


def opened(policy: Policy, wanted: Call) -> Steps[Answer]:
    """An answer whose body is still to be read. Raises as `call`."""
    try:
        return (yield from attempts(policy, wanted, Open))
    except Refused as refused:
        raise refused.error from None


def _helps(problem: RemoteError, wanted: Call) -> bool:
    if problem.status == 429:  # noqa: PLR2004 - HTTP's: nothing was done
        return True
    return wanted.repeatable and (problem.retryable or problem.status in _GATEWAYS)


def _not_reached(wanted: Call, policy: Policy, lost: ConnectionLost) -> NotReached:
    return NotReached(
        f"No answer to {wanted.method} {wanted.path} within {policy.seconds:g} s: {lost}."
        " Check the URL and the network; `dormouse doctor` says how far it gets."
    )
