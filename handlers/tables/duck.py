"""A DuckDB that can read one file and nothing else. Imports DuckDB, so import this in a handler.

It opens no other file, reaches no network and loads no extension; what is in the table is data to
it, never SQL. https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
"""

import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from handlers.tables.formats import complaint
from handlers.tables.layout import Layout
from handlers.tables.profile import Format
from jobs.context import PermanentError

# DuckDB's allocator would keep the address space of its freed memory, which counts against the
# process's bound on memory (RLIMIT_DATA), also for whatever the process runs next. It can be told
# before it is loaded only.
os.putenv("DUCKDB_JE_MALLOC_CONF", "retain:false")

import duckdb

Connection = duckdb.DuckDBPyConnection

MEMORY_LIMIT = "256MB"
"""Enough for any 100 MB table we tried, in a process of 512 MiB: DuckDB takes about 80 MB besides.
What does not fit is spilled to disk."""

SPILL_LIMIT = "512MB"

MAX_RECORD = 64_000_000
BELIEVED_ROWS = 1_000_000
BELIEVED_ROWS_A_BYTE = 1000

_BEFORE: dict[str, str | bool | int | float | list[str]] = {
    "threads": "1",  # each would take memory of its own, and a worker runs several jobs
    "memory_limit": MEMORY_LIMIT,
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "preserve_insertion_order": "false",
}


_NOT_THE_TABLE = re.compile(r"temporary file|No space left|[Aa]llocat|memory")


_BOUNDS = (duckdb.OutOfMemoryException, duckdb.InterruptException)
_OURS = (duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException)


class TableFailure(Exception):
    """DuckDB failed for a reason that is not the table's."""


@contextmanager
def opened(
    file: Path, form: Format, layout: Layout | None, time_left: timedelta
) -> Iterator[Connection]:
    """A connection in which the file is the table `loaded`. A query is interrupted when time is up.

    What lies there as texts, by its layout, comes as texts in columns `c0`, `c1` and so on. Parquet
    has no layout.
    Works in the file's folder, which must be the caller's alone and is the caller's to remove.
    Raises `PermanentError` for a file that is no table or too much for the memory limit,
    `TimeoutError`, or `TableFailure`.
    """
    with (
        _reported(file, form, layout.delimiter if layout else ","),
        _locked_down(file) as connection,
        _interrupted_after(time_left, connection),
    ):
        _load(connection, file, layout)
        try:
            yield connection
        except _BOUNDS:
            raise
        except duckdb.Error as error:
            # What our own queries get wrong is no fault of the file's. Texts have been read by now;
            # of Parquet, a part may turn out broken with each query.
            if layout or isinstance(error, _OURS):
                raise TableFailure("A query of ours failed.") from error
            raise


@contextmanager
def _locked_down(file: Path) -> Iterator[Connection]:
    # A database on disk keeps its tables compressed, and what does not fit into memory outside it.
    with duckdb.connect(file.with_name("table.duckdb"), config=_BEFORE) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        # It would draw one into the service's log for whatever takes more than two seconds.
        connection.execute("SET enable_progress_bar = false")
        connection.execute("SET temp_directory = ?", [str(file.with_name("spill"))])
        connection.execute("SET max_temp_directory_size = ?", [SPILL_LIMIT])
        connection.execute("SET allowed_paths = ?", [[str(file)]])
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


@contextmanager
def _interrupted_after(time_left: timedelta, connection: Connection) -> Iterator[None]:
    done = threading.Event()

    def interrupt() -> None:
        done.wait(time_left.total_seconds())
        # An interrupt ends the query that is running, so it is repeated for those that follow.
        while not done.wait(0.1):
            connection.interrupt()

    thread = threading.Thread(target=interrupt, name="interrupt", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _load(connection: Connection, file: Path, layout: Layout | None) -> None:
    """Text is parsed once, into a table; Parquet is read in place, column by column.

    A Parquet file of a few bytes can stand for any number of rows, so it is never written out.
    """
    if layout:
        columns = {f"c{number}": "VARCHAR" for number in range(len(layout.names))}
        connection.execute(
            "CREATE TABLE loaded AS FROM read_csv(?, delim = ?, quote = '\"', escape = '\"',"
            " comment = '', header = ?, columns = ?, auto_detect = false, nullstr = ?,"
            " allow_quoted_nulls = ?, max_line_size = ?)",
            [
                str(file),
                layout.delimiter,
                layout.header,
                columns,
                list(layout.nulls),
                layout.quoted_nulls,
                MAX_RECORD,
            ],
        )
    else:
        # A view can't have parameters.
        connection.read_parquet(str(file)).create_view("loaded")
        (rows,) = connection.execute("SELECT count(*) FROM loaded").fetchall()[0]
        _check_claim(file, rows)


def _check_claim(file: Path, rows: int) -> None:
    """Repetition packs well, but not that well: such a file only wants to fill the disk."""
    if rows > BELIEVED_ROWS and rows > BELIEVED_ROWS_A_BYTE * file.stat().st_size:
        raise PermanentError(f"The table claims {rows:,} rows in {file.stat().st_size:,} bytes.")


@contextmanager
def _reported(file: Path, form: Format, delim: str) -> Iterator[None]:
    """DuckDB's messages name files and settings, so ours take their place."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise PermanentError("The table takes more memory to profile than there is.") from error
    except duckdb.InterruptException as error:
        raise TimeoutError("The table could not be profiled in time.") from error
    except duckdb.Error as error:
        internal = isinstance(error, (duckdb.InternalException, duckdb.FatalException))
        if internal or _NOT_THE_TABLE.search(str(error)):
            raise TableFailure("DuckDB failed.") from error
        raise PermanentError(complaint(file, form, delim)) from error
