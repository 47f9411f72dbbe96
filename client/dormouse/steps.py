"""Operations as generators: they yield effects, and a driver carries each one out.

An operation is a generator. It yields an effect, is sent what came of it, and returns its outcome.
`dormouse.blocking` and `dormouse.asynchronous` drive the same operations.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")
Steps = Generator["Effect", Any, T]


@dataclass(frozen=True)
class Request:
    """An HTTP request. `path` starts with a slash and is already quoted."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 30.0
    """Time for the service to begin its answer."""


@dataclass(frozen=True)
class Response:
    """An HTTP response. Header names are in lower case. A stream's body is empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Effect:
    """Something that an operation asks its driver to do."""


@dataclass(frozen=True)
class Send(Effect):
    """Send with an identity token. Answered by a `Response`; raises `ConnectionLost`."""

    request: Request


@dataclass(frozen=True)
class Open(Effect):
    """Like `Send`, but the body is read bit by bit.

    An operation has one stream at a time: it is closed at the next `Open`, and at the end.
    """

    request: Request


@dataclass(frozen=True)
class Read(Effect):
    """Answered by the next bytes of the open stream, None at its end; raises `ConnectionLost`."""


@dataclass(frozen=True)
class ForgetToken(Effect):
    """The service refused the token: the next request gets a fresh one."""


@dataclass(frozen=True)
class Sleep(Effect):
    """Answered once so many seconds have passed."""

    seconds: float


@dataclass(frozen=True)
class Together(Effect):
    """Do all of these, several at a time.

    Answered by their outcomes in order; raises the first error.
    """

    all: Sequence[Steps[Any]]
    at_once: int = 8


@dataclass(frozen=True)
class Emit(Effect):
    """Hand an item to whoever iterates."""

    item: Any


class ConnectionLost(Exception):
    """No answer. `was_sent` is false only if the service can't have seen the request."""

    def __init__(self, message: str, *, was_sent: bool) -> None:
        super().__init__(message)
        self.was_sent = was_sent
