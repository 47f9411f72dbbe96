"""Which format a table has, and why one can't be read. Looks at bytes; knows no DuckDB."""

import csv
from pathlib import Path

import msgspec

from handlers.tables.profile import Format
from jobs.context import PermanentError

HEAD_BYTES = 64 * 1024
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
_DELIMITERS = ",;\t|"
_QUOTED = '"'


def recognise(head: bytes, given: Format | None = None) -> Format:
    """The format as given, else from the table's first bytes.

    Raises `PermanentError` for an empty table, and for none that we know.
    """
    if not (text := _text(head).lstrip()):
        raise PermanentError("The table is empty.")
    if given:
        return given
    if head.startswith(b"PAR1"):
        return "parquet"
    if b"\0" in head:
        raise PermanentError("The table is neither CSV, TSV, JSON lines nor Parquet.")
    if text.startswith("{"):
        return "jsonl"
    return "tsv" if delimiter(head) == "\t" else "csv"


def delimiter(head: bytes) -> str:
    """What stands most often between the fields of the first record; a comma if nothing does."""
    outside = "".join(_text(head).lstrip("\r\n").split(_QUOTED)[::2])
    first = outside.splitlines()[0] if outside.strip() else ""
    return max(_DELIMITERS, key=first.count)


def complaint(path: Path, form: Format, delim: str) -> str:
    """Why the file is no such table, with the line where it goes wrong, if that can be found."""
    found = None
    if form == "jsonl":
        found = _not_an_object(path)
    elif form in {"csv", "tsv"}:
        found = _ragged(path, delim)
    return found or f"The table can't be read as {_NAMES[form]}."


_NAMES: dict[Format, str] = {
    "csv": "CSV (RFC 4180, UTF-8)",
    "tsv": "TSV (UTF-8)",
    "jsonl": "JSON lines (UTF-8, one object on each line)",
    "parquet": "Parquet",
}


def _text(head: bytes) -> str:
    return head.decode("utf-8", "replace").removeprefix(_BOM)


def _not_an_object(path: Path) -> str | None:
    decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                if line.strip():
                    decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                return f"Line {number} of the table is no JSON object."
    return None


def _ragged(path: Path, delim: str) -> str | None:
    """The first record whose number of fields is not that of the first one."""
    width = 0
    with path.open(encoding="utf-8-sig", newline="") as lines:
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
