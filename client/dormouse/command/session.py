"""State that all commands share: the client, the output format, the exit status."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import click
from rich.console import Console

from dormouse.client import Dormouse
from dormouse.command.output import Printer
from dormouse.command.safe_text import safe
from dormouse.errors import (
    ConfigurationError,
    DormouseError,
    IdentityError,
    JobEnded,
    NotFinished,
    NotFound,
)

OK: Final = 0
JOB_FAILED: Final = 1
USAGE: Final = 2
IDENTITY: Final = 3
NOT_FOUND: Final = 4
REFUSED: Final = 5
"""The service refused for another reason, or did not answer."""
INTERRUPTED: Final = 130

Wrapped = TypeVar("Wrapped", bound=Callable[..., Any])


@dataclass
class Session:
    """One run of the command."""

    profile: str | None = None
    output: str = "table"
    status: int = OK
    console: Console = field(default_factory=lambda: Console(highlight=False))
    errors: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    _client: Dormouse | None = None

    @property
    def client(self) -> Dormouse:
        """Connects to nothing before it is asked something."""
        if self._client is None:
            self._client = Dormouse(profile=self.profile)
        return self._client

    @property
    def printer(self) -> Printer:
        """Writes answers in the form that was asked for."""
        return Printer(self.console, self.output)

    def close(self) -> None:
        """Give up the connections."""
        if self._client is not None:
            self._client.close()

    def complain(self, error: DormouseError) -> None:
        """Say what is wrong, and remember the gravest exit status."""
        self.errors.print(f"dormouse: {safe(error)}", markup=False, soft_wrap=True)
        self.status = max(self.status, status_of(error))

    def each(self, ids: Sequence[str], do: Callable[[str], Any]) -> Iterator[Any]:
        """Applies `do` to each id, going on after failures. `-` reads ids from standard input."""
        for one in ids_of(ids):
            with self.complaining():
                yield do(one)

    @contextmanager
    def complaining(self) -> Iterator[None]:
        """Reports an error in the block, and lets the command go on."""
        try:
            yield
        except DormouseError as error:
            self.complain(error)


def status_of(error: DormouseError) -> int:
    """The exit status for an error."""
    if isinstance(error, JobEnded | NotFinished):
        return JOB_FAILED
    if isinstance(error, IdentityError):
        return IDENTITY
    if isinstance(error, NotFound):
        return NOT_FOUND
    return USAGE if isinstance(error, ConfigurationError) else REFUSED


def ids_of(given: Iterable[str]) -> Iterator[str]:
    """The ids, with those of standard input in place of `-`."""
    for one in given:
        if one != "-":
            yield one
            continue
        yield from (line.strip() for line in sys.stdin if line.strip())


def pairs_of(given: Sequence[str]) -> dict[str, str]:
    """`NAME=VALUE` pairs. Raises `click.BadParameter`."""
    pairs = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals:
            raise click.BadParameter(f"{one} is not of the form NAME=VALUE")
        pairs[name] = value
    return pairs


pass_session = click.make_pass_decorator(Session)


def with_output(command: Wrapped) -> Wrapped:
    """Take `-o` behind the command's name too."""
    option: Callable[[Wrapped], Wrapped] = click.option(
        "-o",
        "--output",
        type=click.Choice(["table", "json", "jsonl", "ids"]),
        expose_value=False,
        callback=_keep,
        help="The form of the answer; ids for another command's `-`.",
    )
    return option(command)


def _keep(context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(Session).output = value
