"""The profile of a whole table in a file."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from handlers.tables import columns, duck
from handlers.tables.dialect import Dialect, dialect_of, encoding_of, plain
from handlers.tables.formats import HEAD_BYTES, recognise
from handlers.tables.profile import MAX_COLUMNS, Column, Format, TableProfile, text_bytes
from jobs.context import Context, PermanentError

TIDYING = timedelta(seconds=5)
"""Queries end so long before the attempt does, which would leave its files behind."""

REPORTED_CELLS = 1_000_000
"""Profiles of smaller tables take a second or two: too short for a progress report."""


@dataclass(frozen=True)
class Given:
    """What the caller says of the table. None is left to recognition."""

    format: Format | None = None
    delimiter: str | None = None
    header: bool | None = None
    null_values: tuple[str, ...] = ()


def profile(file: Path, given: Given, ctx: Context) -> TableProfile:
    """Raises `PermanentError` for a file that is no table, or too wide a one; else as `duck`."""
    with file.open("rb") as source:
        form = recognise(source.read(HEAD_BYTES), given.format)
    encoding = None if form == "parquet" else encoding_of(file)
    dialect = _dialect(file, form, encoding or "", given) if form in {"csv", "tsv"} else None
    if dialect:
        form = given.format or ("tsv" if dialect.delimiter == "\t" else "csv")
        _check_width(len(dialect.names))
    time_left = ctx.remaining - TIDYING
    with duck.opened(file, form, dialect, given.null_values, time_left) as connection:
        rows = columns.row_count(connection)
        names = dialect.names if dialect else None
        described = columns.described(connection, names)
        _check_width(len(described))
        limit = text_bytes(len(described))
        done: list[Column] = []
        for number, (name, type_) in enumerate(described):
            if rows * len(described) > REPORTED_CELLS:
                ctx.progress(len(done) / len(described), f"{len(done)} columns are done")
            done.append(columns.profile(connection, number, name, type_, text_bytes=limit))
    return TableProfile(
        format=form,
        encoding=encoding,
        delimiter=dialect.delimiter if dialect else None,
        header=dialect.header if dialect else None,
        rows=rows,
        columns=tuple(done),
    )


def _dialect(file: Path, form: Format, encoding: str, given: Given) -> Dialect:
    asked = given.delimiter or ("\t" if form == "tsv" else None)
    separator = plain(file, encoding, asked)
    return dialect_of(file, asked or separator, given.header)


def _check_width(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise PermanentError(
            f"The table has {columns:,} columns; at most {MAX_COLUMNS} are possible."
        )
