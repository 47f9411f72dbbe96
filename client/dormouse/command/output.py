"""Answers as tables for people, as JSON, or as ids for the next command."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from typing import Any, Final

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dormouse.command.safe_text import as_json, one_line

Column = tuple[str, Callable[[Any], Any]]
_COLOURS: Final = {
    "succeeded": "green",
    "failed": "red",
    "cancelled": "yellow",
    "running": "cyan",
}

JOB: Final[Sequence[Column]] = (
    ("id", lambda job: job.id),
    ("type", lambda job: job.type),
    ("status", lambda job: job.status),
    ("attempt", lambda job: f"{job.attempt}/{job.max_attempts}"),
    ("created", lambda job: job.created_at),
    ("labels", lambda job: " ".join(f"{name}={value}" for name, value in job.labels.items())),
    ("error", lambda job: job.error and f"{job.error.code}: {job.error.message}"),
)


class Printer:
    """Writes to standard output."""

    def __init__(self, console: Console, output: str) -> None:
        self._console = console
        self._output = output

    def items(self, items: Iterable[Any], columns: Sequence[Column]) -> None:
        """A list. All but tables and `json` come as the items do."""
        if self._output == "table" and self._console.is_terminal:
            self._table(items, columns)
        elif self._output == "table":
            # Nothing is cut off in a pipe: fields between tabs, as `cut` and `gh` have them.
            for item in items:
                click.echo("\t".join(_cell(value(item)).plain for _, value in columns))
        elif self._output == "json":
            click.echo(as_json(list(map(plain, items)), indent=2))
        else:
            for item in items:
                self.line(item)

    def item(self, item: Any, columns: Sequence[Column]) -> None:
        """One thing, in full."""
        if self._output == "table":
            for name, value in columns:
                line = Text(f"{name:<12} ", "bold") + _cell(value(item))
                self._console.print(line, soft_wrap=True)
        elif self._output == "json":
            click.echo(as_json(plain(item), indent=2))
        else:
            self.line(item)

    def line(self, item: Any) -> None:
        """One thing on a line of its own: its id, or its JSON."""
        click.echo(one_line(_id_of(item)) if self._output == "ids" else as_json(plain(item)))

    def _table(self, items: Iterable[Any], columns: Sequence[Column]) -> None:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name, _ in columns:
            table.add_column(name, overflow="fold" if name == "id" else "ellipsis", no_wrap=True)
        for item in items:
            table.add_row(*(_cell(value(item)) for _, value in columns))
        self._console.print(table)


def plain(item: Any) -> Any:
    """The API's own fields, without those that the client adds."""
    names = [name for name in item.__struct_fields__ if not name.startswith("_")]
    encoded = dict(zip(item.__struct_fields__, item.__struct_encode_fields__, strict=True))
    return {encoded[name]: getattr(item, name) for name in names}


def _id_of(item: Any) -> str:
    """The identifier that other commands take."""
    return str(
        next(getattr(item, name) for name in ("id", "name", "member") if hasattr(item, name))
    )


def _cell(value: Any) -> Text:
    if isinstance(value, datetime):
        value = f"{value.astimezone(timezone.utc):%Y-%m-%d %H:%M:%SZ}"
    text = "" if value is None else one_line(value)
    return Text(text, _COLOURS.get(text, ""))
