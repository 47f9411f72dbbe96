"""The profile of a whole table in a file."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from handlers.tables import columns, duck
from handlers.tables.dialect import as_utf8, dialect_of, encoding_of, plain
from handlers.tables.formats import HEAD_BYTES, recognise
from handlers.tables.json_records import as_texts
from handlers.tables.layout import Layout, Texts
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
    encoding = encoding_of(file)
    with file.open("rb") as source:
        form = recognise(source.read(HEAD_BYTES), encoding, given.format)
    layout = _layout(file, form, encoding, given)
    if layout and form in {"csv", "tsv"}:
        form = given.format or ("tsv" if layout.delimiter == "\t" else "csv")
        _check_width(len(layout.names))
    time_left = ctx.remaining - TIDYING
    with duck.opened(file, form, layout, time_left) as connection:
        rows = columns.row_count(connection)
        described = columns.described(connection, layout)
        _check_width(len(described))
        limit = text_bytes(len(described))
        done: list[Column] = []
        for about in described:
            if rows * len(described) > REPORTED_CELLS:
                ctx.progress(len(done) / len(described), f"{len(done)} columns are done")
            done.append(columns.profile(connection, about, text_bytes=limit))
    return TableProfile(
        format=form,
        encoding=encoding if layout else None,
        delimiter=layout.delimiter if layout and form in {"csv", "tsv"} else None,
        header=layout.header if layout and form in {"csv", "tsv"} else None,
        rows=rows,
        columns=tuple(done),
    )


def _layout(file: Path, form: Format, encoding: str, given: Given) -> Layout | None:
    """How the texts lie in the file, which is made UTF-8; None for Parquet, which has none."""
    if form == "parquet":
        return None
    as_utf8(file, encoding)
    if form in {"json", "jsonl"}:
        return as_texts(file, form)
    asked = given.delimiter or ("\t" if form == "tsv" else None)
    separator = plain(file, asked)
    dialect = dialect_of(file, asked or separator, given.header)
    return Layout(
        delimiter=dialect.delimiter,
        header=dialect.header,
        names=dialect.names,
        texts=(Texts.ANYTHING,) * len(dialect.names),
        nulls=("", *given.null_values),
        quoted_nulls=True,
    )


def _check_width(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise PermanentError(
            f"The table has {columns:,} columns; at most {MAX_COLUMNS} are possible."
        )
