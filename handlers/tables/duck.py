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

from handlers.tables.formats import HEAD_BYTES, complaint, delimiter
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


class TableFailure(Exception):
    """DuckDB failed for a reason that is not the table's."""


@contextmanager
def opened(file: Path, form: Format, time_left: timedelta) -> Iterator[Connection]:
    """A connection in which the file is the table `t`. A query is interrupted when time is up.

    Works in the file's folder, which must be the caller's alone and is the caller's to remove.
    Raises `PermanentError` for a file that is no table or too much for the memory limit,
    `TimeoutError`, or `TableFailure`.
    """
    with file.open("rb") as source:
        delim = "\t" if form == "tsv" else delimiter(source.read(HEAD_BYTES))
    with (
        _reported(file, form, delim),
        _locked_down(file) as connection,
        _interrupted_after(time_left, connection),
    ):
        _load(connection, file, form, delim)
        yield connection


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


def _load(connection: Connection, file: Path, form: Format, delim: str) -> None:
    """Text is parsed once, into a table; Parquet is read in place, column by column.

    A Parquet file of a few bytes can stand for any number of rows, so it is never written out.
    The CSV dialect is fixed: DuckDB would make its own guess fit by dropping lines.
    """
    if form == "parquet":
        # A view can't have parameters.
        connection.read_parquet(str(file)).create_view("t")
    elif form == "jsonl":
        connection.execute(
            "CREATE TABLE t AS FROM read_json(?, format = 'newline_delimited', records = true,"
            " sample_size = -1)",
            [str(file)],
        )
    else:
        connection.execute(
            "CREATE TABLE t AS FROM read_csv(?, delim = ?, quote = '\"', escape = '\"',"
            " comment = '', skip = 0, sample_size = -1)",
            [str(file), delim],
        )


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
