"""The profile of a whole table in a file."""

from datetime import timedelta
from pathlib import Path

from handlers.tables import columns, duck
from handlers.tables.formats import HEAD_BYTES, recognise
from handlers.tables.profile import MAX_COLUMNS, Column, Format, TableProfile, text_bytes
from jobs.context import Context, PermanentError

TIDYING = timedelta(seconds=5)
"""Queries end so long before the attempt does, which would leave its files behind."""

REPORTED_CELLS = 1_000_000
"""Profiles of smaller tables take a second or two: too short for a progress report."""


def profile(file: Path, given: Format | None, ctx: Context) -> TableProfile:
    """Raises `PermanentError` for a file that is no table, or too wide a one; else as `duck`."""
    with file.open("rb") as source:
        form = recognise(source.read(HEAD_BYTES), given)
    with duck.opened(file, form, ctx.remaining - TIDYING) as connection:
        rows = columns.row_count(connection)
        described = columns.names_and_types(connection)
        if len(described) > MAX_COLUMNS:
            raise PermanentError(
                f"The table has {len(described):,} columns; at most {MAX_COLUMNS} are possible."
            )
        limit = text_bytes(len(described))
        done: list[Column] = []
        for name, type_ in described:
            if rows * len(described) > REPORTED_CELLS:
                ctx.progress(len(done) / len(described), f"{len(done)} columns are done")
            done.append(columns.profile(connection, name, type_, text_bytes=limit))
    return TableProfile(format=form, rows=rows, columns=tuple(done))
