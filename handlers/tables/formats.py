"""Which format a table has, and why one can't be read. Looks at bytes; knows no DuckDB."""

import csv
import re
from pathlib import Path
from typing import Final

from handlers.tables.profile import Format
from jobs.context import PermanentError

HEAD_BYTES = 64 * 1024
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


def recognise(head: bytes, encoding: str, given: Format | None = None) -> Format:
    """The format as given, else from the table's first bytes.

    Raises `PermanentError` for an empty table, and for none that we know.
    """
    text = _text(head, encoding).lstrip()
    if not text.strip("\0"):
        if len(head) == HEAD_BYTES:
            raise PermanentError(f"The table begins with {HEAD_BYTES:,} bytes of blank lines.")
        raise PermanentError("The table is empty.")
    if given:
        return given
    if head.startswith(b"PAR1"):
        return "parquet"
    if other := next((name for mark, name in _OTHERS if head.startswith(mark)), None):
        raise PermanentError(f"The table is {other}.")
    if _PAGE.match(text):
        raise PermanentError("The table is an HTML page, or other XML.")
    if "\0" in text:
        raise PermanentError("The table is neither CSV, TSV, JSON, JSON lines nor Parquet.")
    if text.startswith("{"):
        return "jsonl"
    return "json" if _ARRAY.match(text) else "csv"


_PAGE = re.compile(r"<(!--|!doctype|\?xml|[a-z][a-z0-9:-]*[\s/>])", re.IGNORECASE)
_ARRAY = re.compile(r"\[\s*([{\[\]\"]|-?\d|true|false|null)")
_OTHERS: Final = (
    (b"PK\x03\x04", "a ZIP file, such as a workbook of Excel"),
    (b"\xd0\xcf\x11\xe0", "a workbook of an old Excel"),
    (b"\x1f\x8b", "packed with gzip"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ", "packed with xz"),
    (b"\x28\xb5\x2f\xfd", "packed with Zstandard"),
    (b"%PDF", "a PDF"),
    (b"ARROW1", "an Arrow file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"SQLite format 3\0", "a database of SQLite"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
)
"""What people send by mistake, by its first bytes."""


def complaint(path: Path, form: Format, delim: str) -> str:
    """Why the file is no such table, with the line where it goes wrong, if that can be found."""
    found = _ragged(path, delim) if form in {"csv", "tsv"} else None
    return found or f"The table can't be read as {_NAMES[form]}."


_NAMES: dict[Format, str] = {
    "csv": "CSV (RFC 4180, UTF-8)",
    "tsv": "TSV (UTF-8)",
    "json": "JSON (UTF-8, an array of objects)",
    "jsonl": "JSON lines (UTF-8, one object on each line)",
    "parquet": "Parquet",
}


def _text(head: bytes, encoding: str) -> str:
    return head.decode(encoding, "replace").removeprefix(_BOM)


def _ragged(path: Path, delim: str) -> str | None:
    """The first record whose number of fields is not that of the first one."""
    width = 0
    with path.open(encoding="utf-8", newline="") as lines:
        records = csv.reader(lines, delimiter=delim, strict=True)
        try:
            for record in records:
                width = width or len(record)
                if record and len(record) != width:
                    return (
                        f"The record that ends on line {records.line_num} of the table has"
                        f" {len(record)} fields; the first one has {width}."
                    )
        except UnicodeDecodeError:
            return "The table is not in UTF-8."
        except csv.Error:
            return f"Line {records.line_num} of the table is not well-formed CSV (RFC 4180)."
    return None
